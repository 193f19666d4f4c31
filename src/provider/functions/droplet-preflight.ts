import { InvalidError } from "../../base/errors.ts";
import { readAccount } from "../../cloud/digitalocean/account.ts";
import { adopt } from "../../cloud/digitalocean/match-droplet.ts";
import type { CloudAnswer, CloudQuestion } from "../../model/droplet-preflight.ts";
import type { ProviderContext } from "../context.ts";
import { dropletSentences } from "../notices/droplets.ts";
import { agentsIn } from "../notices/removals.ts";
import type { Report } from "./report.ts";

/**
 * Looks at DigitalOcean before anything is declared there, tells what the run will do and cost, and answers what is
 * there already. Changes nothing.
 *
 * @throws MusterError where it cannot be looked at: what is not known must not be made
 */
export async function dropletPreflight(
  { droplets, looks, env }: ProviderContext,
  asked: CloudQuestion,
  tell: Report,
): Promise<CloudAnswer> {
  const token = asked.api.token || env["DIGITALOCEAN_TOKEN"] || env["DIGITALOCEAN_ACCESS_TOKEN"] || "";
  if (token === "") throw noToken();
  const question = { ...asked, api: { ...asked.api, token } };
  const met = droplets.met(question.droplets);
  const adopted = question.droplets.flatMap(({ adopt }) => adopt ?? []);
  const numbers = [...new Set([...[...met.values()].map(({ machine }) => machine), ...adopted])];
  const account = await readAccount(question, numbers);
  const answer = adopt(question, account, met);
  const agents = new Map<string, readonly string[]>();
  for (const { host } of question.droplets.filter((one) => answer.droplets[one.host]?.isReplaced)) {
    const look = await looks.at(host, question.owner).catch(() => undefined);
    agents.set(host, agentsIn(Object.keys(look?.resources ?? {})));
  }
  const sentences = dropletSentences(question, answer, account, met, (host) => agents.get(host) ?? []);
  for (const { severity, text } of sentences) await tell(text, severity);
  return answer;
}

function noToken(): InvalidError {
  return new InvalidError({
    what: "no token of DigitalOcean",
    why: "fleet.yaml has droplets, and neither digitalocean:token nor DIGITALOCEAN_TOKEN is set.",
    next: "Run `npx pulumi config set --secret digitalocean:token`.",
  });
}
