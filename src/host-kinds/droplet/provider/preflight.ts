import type { ProviderContext } from "../../../provider/context.ts";
import type { Report } from "../../../provider/functions/provider-function.ts";
import { agentsIn } from "../../../provider/notices/removals.ts";
import { DROPLETS_NEED_IT, requireToken } from "../digitalocean/access.ts";
import { readAccount } from "../digitalocean/account.ts";
import { adopt } from "../digitalocean/match-droplet.ts";
import type { CloudAnswer, CloudQuestion } from "../preflight-protocol.ts";
import type { Droplets } from "./met-droplets.ts";
import { dropletSentences } from "./notices.ts";

/**
 * Queries DigitalOcean before anything is declared there, reports what the run will do and cost, and answers what exists
 * already. Changes nothing.
 *
 * @throws MusterError where it cannot be queried: what may exist already must not be made
 */
export async function dropletPreflight(
  { looks, env }: ProviderContext,
  droplets: Droplets,
  asked: CloudQuestion,
  tell: Report,
): Promise<CloudAnswer> {
  const token = requireToken(asked.api.token, DROPLETS_NEED_IT, env);
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
