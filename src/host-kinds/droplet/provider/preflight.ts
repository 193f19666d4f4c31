import type { ProviderContext } from "../../../provider/context.ts";
import type { Report } from "../../../provider/functions/provider-function.ts";
import { agentsIn } from "../../../provider/notices/removals.ts";
import { DROPLETS_NEED_IT, requireToken } from "../digitalocean/access.ts";
import { readAccount } from "../digitalocean/account.ts";
import { adopt } from "../digitalocean/match-droplet.ts";
import type { CloudAnswer, CloudQuestion } from "../preflight-protocol.ts";
import { dropletSentences } from "./notices.ts";
import type { Droplets } from "./recorded-droplets.ts";

/**
 * Queries DigitalOcean before the program declares anything there, and reports what the run will do and how
 * the cost changes. Changes nothing.
 *
 * @returns the resources that already exist
 * @throws MusterError if DigitalOcean cannot be queried, because a resource that may exist must not be
 *   created again
 */
export async function dropletPreflight(
  { observations, env }: ProviderContext,
  droplets: Droplets,
  declared: CloudQuestion,
  report: Report,
): Promise<CloudAnswer> {
  const token = requireToken(declared.api.token, DROPLETS_NEED_IT, env);
  const question = { ...declared, api: { ...declared.api, token } };
  const recorded = droplets.recorded(question.droplets);
  const adopted = question.droplets.flatMap(({ adopt }) => adopt ?? []);
  const numbers = [...new Set([...[...recorded.values()].map(({ machine }) => machine), ...adopted])];
  const account = await readAccount(question, numbers);
  const answer = adopt(question, account, recorded);
  const agents = new Map<string, readonly string[]>();
  for (const { host } of question.droplets.filter((one) => answer.droplets[one.host]?.isReplaced)) {
    const observation = await observations.at(host, question.owner).catch(() => undefined);
    agents.set(host, agentsIn(Object.keys(observation?.resources ?? {})));
  }
  const sentences = dropletSentences(question, answer, account, recorded, (host) => agents.get(host) ?? []);
  for (const { severity, text } of sentences) await report(text, severity);
  return answer;
}
