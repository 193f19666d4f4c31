import type { ProviderContext } from "../../../provider/context.ts";
import type { Report } from "../../../provider/functions/provider-function.ts";
import { agentsIn } from "../../../provider/notices/removals.ts";
import { type AwaitedAddresses, addressesFor } from "../awaited-addresses.ts";
import { readAccount } from "../digitalocean/account.ts";
import { DROPLETS_NEED_IT, requireToken } from "../digitalocean/api-access.ts";
import { adopt } from "../digitalocean/match-droplet.ts";
import { readRecordedIds } from "../digitalocean/recorded-ids.ts";
import { unrecordedResources } from "../digitalocean/unrecorded-resources.ts";
import type { CloudAnswer, CloudQuestion } from "../preflight-protocol.ts";
import { addressSentences, appearedAddresses, nextAwaited } from "./appeared-addresses.ts";
import type { Droplets } from "./inventory-droplets.ts";
import { dropletSentences } from "./notices.ts";

/** The project's records about its resources at DigitalOcean. */
export interface CloudRecords {
  readonly droplets: Droplets;
  readonly addresses: AwaitedAddresses;
}

/**
 * Queries DigitalOcean before the program declares any resource at DigitalOcean. Reports the effects of the run and the
 * change of the cost. Changes nothing at DigitalOcean. Before an `up` creates reserved IPs, writes a record of them
 * (see AwaitedAddress).
 *
 * @returns the resources that already exist
 * @throws MusterError if DigitalOcean cannot be queried. Without its response, a resource that already exists might be
 *   created again.
 */
export async function dropletPreflight(
  { observations, env }: ProviderContext,
  { droplets, addresses }: CloudRecords,
  declared: CloudQuestion,
  report: Report,
): Promise<CloudAnswer> {
  const token = requireToken(declared.api.token, DROPLETS_NEED_IT, env);
  const question = { ...declared, api: { ...declared.api, token } };
  const recorded = droplets.recorded(question.droplets);
  const adopted = question.droplets.flatMap(({ adopt }) => adopt ?? []);
  const numbers = [...new Set([...[...recorded.values()].map(({ machine }) => machine), ...adopted])];
  const account = await readAccount(question, numbers);
  const ids = readRecordedIds(env);
  const before = addresses.read(question.owner);
  const appeared = appearedAddresses(before, account, ids);
  const awaited = addressesFor(appeared);
  const answer = adopt(question, account, recorded, { ids, awaited });
  if (env["MUSTER_CHANGES"] === "1") {
    addresses.write(question.owner, nextAwaited(question, answer, account, { before, appeared }));
  }
  const agents = new Map<string, readonly string[]>();
  for (const { host } of question.droplets.filter((one) => answer.droplets[one.host]?.isReplaced)) {
    const observation = await observations.at(host, question.owner).catch(() => undefined);
    agents.set(host, agentsIn(Object.keys(observation?.resources ?? {})));
  }
  const sentences = dropletSentences(question, answer, account, recorded, (host) => agents.get(host) ?? []);
  for (const { severity, text } of sentences) await report(text, severity);
  for (const text of addressSentences(appeared, answer)) await report(text, "warning");
  const used = [...[...recorded.values()].map(({ machine }) => machine), ...usedIds(answer)];
  const left = ids === undefined ? [] : unrecordedResources(question.owner, account, ids, new Set(used));
  for (const what of left) await report(unrecordedText(what), "warning");
  return answer;
}

function usedIds({ droplets, volumes }: CloudAnswer): string[] {
  return [...Object.values(droplets), ...Object.values(volumes)].flatMap(({ id }) => id ?? []);
}

function unrecordedText(what: string): string {
  return (
    `the account has ${what}, but fleet.yaml does not declare it and the state does not record it. No run deletes it, and ` +
    "it costs money. Delete it at cloud.digitalocean.com, or remove the mark of this stack from it."
  );
}
