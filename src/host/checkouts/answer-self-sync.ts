import { rmSync } from "node:fs";
import { selfSyncAnswer, selfSyncSignal } from "../../model/host-paths.ts";
import { asUser } from "../accounts/as-user.ts";
import { readAccounts } from "../accounts/read-accounts.ts";
import type { Host } from "../context.ts";
import { reasonOf } from "../system/error-reason.ts";
import { readAgentFile, replaceAgentFile } from "./agent-files.ts";
import { readRepositories } from "./repositories.ts";
import { selfSync } from "./self-sync.ts";

/** The answer in the folder `.muster` of an agent's home. */
export interface SelfSyncAnswer {
  /** The id of the request. */
  readonly id: string;
  readonly result?: unknown;
  readonly error?: string;
}

/**
 * Does the self-sync that an agent has requested. Only the agent's own user can create the request, so the request
 * concerns only this agent. It is read, and its answer is written, with the rights of this user.
 */
export async function answerSelfSync(host: Host, agent: string): Promise<void> {
  const { user = "", home = "" } = readRepositories()[agent] ?? {};
  const account = readAccounts(host.paths.etc).users.get(user);
  if (account === undefined) return;
  const signal = selfSyncSignal(home);
  const id = asUser(account, () => {
    const text = readAgentFile(signal, 100)?.toString("utf8") ?? "";
    rmSync(signal, { recursive: true, force: true });
    return text;
  });
  let answer: SelfSyncAnswer;
  try {
    answer = { id, result: await selfSync(host, agent, user) };
  } catch (error) {
    answer = { id, error: error instanceof Error ? error.message : reasonOf(error) };
  }
  asUser(account, () => replaceAgentFile(selfSyncAnswer(home), JSON.stringify(answer), 0o600));
}
