import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { dirname } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { MusterError } from "../../base/errors.ts";
import { selfSyncAnswer, selfSyncSignal } from "../../model/host-paths.ts";
import { thisHost } from "../context.ts";
import { moveHooks } from "../moves/lifecycle-hooks.ts";
import { AGENT_EXIT } from "../routing/agent-command-io.ts";
import { reasonOf } from "../system/error-reason.ts";
import { readAgentFile } from "./agent-files.ts";
import type { SelfSyncAnswer } from "./answer-self-sync.ts";
import { readRepositories } from "./repositories.ts";
import { selfSync } from "./self-sync.ts";

const USAGE = "usage: muster self-sync [--agent NAME] [--wait SECONDS]\n";

/** Seconds for which the command of an agent waits for hostd. */
const WAIT = "300";

/**
 * Runs `muster self-sync`. Root does the self-sync itself. An agent's user asks hostd for it, because the sources are
 * root's, and prints its answer.
 *
 * @returns the exit code
 */
export async function runSelfSync(words: readonly string[]): Promise<number> {
  const given = parse(words);
  if (given === undefined) {
    process.stderr.write(USAGE);
    return AGENT_EXIT.usage;
  }
  try {
    const isRoot = process.getuid?.() === 0;
    const { agent, home } = agentOf(given.agent, isRoot);
    if (!isRoot) return await ask(home, Number(given.wait));
    print(await selfSync(thisHost(fileURLToPath(import.meta.url), [moveHooks]), agent, "root"));
    return AGENT_EXIT.done;
  } catch (error) {
    process.stderr.write(`muster self-sync: ${error instanceof Error ? error.message : reasonOf(error)}\n`);
    return AGENT_EXIT.failed;
  }
}

function parse(words: readonly string[]): { readonly agent?: string; readonly wait: string } | undefined {
  try {
    const options = { agent: { type: "string" }, wait: { type: "string", default: WAIT } } as const;
    const { values } = parseArgs({ args: [...words], options });
    return /^[a-z0-9-]*$/.test(values.agent ?? "") && Number(values.wait) >= 0 ? values : undefined;
  } catch {
    return undefined;
  }
}

/** Returns the agent that a command concerns, and its home. @throws MusterError if there is not exactly one */
function agentOf(
  named: string | undefined,
  isRoot: boolean,
): { readonly agent: string; readonly home: string } {
  const { username } = userInfo();
  const own = Object.entries(readRepositories()).filter(
    ([agent, { user }]) => (isRoot || user === username) && (named === undefined || named === agent),
  );
  const [first, ...others] = own;
  if (first !== undefined && others.length === 0) return { agent: first[0], home: first[1].home };
  if (others.length > 0) {
    const why = "several agents on this host have a repository";
    throw new MusterError({ what: username, why, next: "Add --agent NAME." });
  }
  throw new MusterError({
    what: named ?? username,
    why: `${isRoot ? "this host has" : `the user ${username} has`} no such agent with a \`repository\` in fleet.yaml`,
    next: "Run the command as the agent's user or as root.",
  });
}

async function ask(home: string, wait: number): Promise<number> {
  const id = randomBytes(8).toString("hex");
  mkdirSync(dirname(selfSyncSignal(home)), { recursive: true, mode: 0o700 });
  writeFileSync(selfSyncSignal(home), id);
  const deadline = Date.now() + wait * 1000;
  for (;;) {
    const answer = readAnswer(home);
    if (answer?.id === id) {
      if (answer.error !== undefined) throw new Error(answer.error);
      print(answer.result);
      return AGENT_EXIT.done;
    }
    if (Date.now() >= deadline) {
      process.stderr.write("muster self-sync: hostd has not answered yet; it continues in the background.\n");
      return AGENT_EXIT.waiting;
    }
    await setTimeout(250);
  }
}

function readAnswer(home: string): SelfSyncAnswer | undefined {
  try {
    return JSON.parse(readAgentFile(selfSyncAnswer(home))?.toString("utf8") ?? "") as SelfSyncAnswer;
  } catch {
    return undefined;
  }
}

function print(result: unknown): void {
  process.stdout.write(`${JSON.stringify(result)}\n`);
}
