import { execFile } from "node:child_process";
import { selfSyncSignal } from "../../model/host-paths.ts";
import type { HostRepositories } from "../../model/repository.ts";
import { asUser } from "../accounts/as-user.ts";
import { type Account, readAccounts } from "../accounts/read-accounts.ts";
import { statOf } from "../checkouts/agent-files.ts";
import { readRepositories } from "../checkouts/repositories.ts";
import { dueTrials } from "../checkouts/trials.ts";
import type { Host } from "../context.ts";

/** Seconds between two self-syncs of the same agent, so that no agent keeps the host busy. */
const PAUSE = 10;

/** Seconds between two searches for declared checkouts and for open trials. */
const SEARCH = 10;

/** Starts the self-syncs that agents request, and the checks of units with a new revision, as separate processes. */
export function checkoutWork(host: Host): { turn(clock: number): void } {
  const last = new Map<string, number>();
  const running = new Set<string>();
  let agents: readonly { readonly agent: string; readonly home: string; readonly account: Account }[] = [];
  let searched = Number.NEGATIVE_INFINITY;
  const start = (...words: readonly string[]) => {
    const name = words.join(" ");
    if (running.has(name)) return;
    running.add(name);
    execFile(process.execPath, ["--no-warnings", host.program, ...words], () => running.delete(name));
  };
  return {
    turn(clock) {
      if (clock - searched >= SEARCH) {
        searched = clock;
        agents = agentsWithRepository(host);
        if (dueTrials(host).length > 0) start("trials");
      }
      for (const { agent, home, account } of agents) {
        const isSoon = clock - (last.get(agent) ?? Number.NEGATIVE_INFINITY) < PAUSE;
        if (isSoon || !asUser(account, () => isThere(selfSyncSignal(home)))) continue;
        last.set(agent, clock);
        start("self-sync", agent);
      }
    },
  };
}

/** Returns the agents that can request a self-sync. A damaged file must not stop the deadman; `up` repairs it. */
function agentsWithRepository(host: Host) {
  const { users } = readAccounts(host.paths.etc);
  return Object.entries(repositoriesOrNone()).flatMap(([agent, { user, home }]) => {
    const account = users.get(user);
    return account === undefined ? [] : [{ agent, home, account }];
  });
}

/** Whether an agent has created a file. An agent can also make this fail, which only delays its own request. */
function isThere(path: string): boolean {
  try {
    return statOf(path) !== undefined;
  } catch {
    return false;
  }
}

function repositoriesOrNone(): HostRepositories {
  try {
    return readRepositories();
  } catch {
    return {};
  }
}
