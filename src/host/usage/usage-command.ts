import { dirname } from "node:path";
import { shown } from "../../model/shorten-for-display.ts";
import { asRoot, asUser } from "../accounts/as-user.ts";
import { type Account, readAccounts } from "../accounts/read-accounts.ts";
import type { Host } from "../context.ts";
import { reasonOf } from "../system/error-reason.ts";
import { type Collected, collectUsage } from "./collect-usage.ts";
import { type Database, type DatabaseRows, readDatabases } from "./databases.ts";
import { addUsage, readUsageFile, readUsageSummary, writeUsageFile } from "./usage-store.ts";

/** Seconds to wait for the process that reads the database of an agent. */
const PATIENCE = 30;

/**
 * Reads the records of agents, and adds their usage to the files of the host. hostd starts this in a process of its
 * own, so that a record that takes long or needs much memory does not stop the deadman.
 *
 * @param words the name and the user of each agent: `NAME USER NAME USER ...`
 */
export function runUsage(host: Host, words: readonly string[], now = new Date()): void {
  const { users } = readAccounts(host.paths.etc);
  for (let i = 0; i + 1 < words.length; i += 2) {
    const [agent = "", user = ""] = words.slice(i, i + 2);
    const account = users.get(user);
    if (account === undefined) continue;
    try {
      collect(host, agent, account, now);
    } catch (error) {
      process.stderr.write(`the usage of ${agent} was not read: ${reasonOf(error)}\n`);
    }
  }
}

function collect(host: Host, agent: string, account: Account, now: Date): void {
  const home = account.name === agent ? account.home : `${dirname(account.home)}/${agent}`;
  const before = readUsageFile(host, agent);
  const { evidence = {} } = readUsageSummary(host, agent) ?? {};
  const readRows = (_: string, databases: readonly Database[]) => readAs(host, account, home, databases);
  const collected = asUser(account, () =>
    collectUsage(home, before.state, evidence, readRows, now.getTime()),
  );
  save(host, agent, before.days, collected, now);
}

function save(
  host: Host,
  agent: string,
  days: Parameters<typeof addUsage>[0],
  { state, usage, evidence }: Collected,
  now: Date,
): void {
  const named = usage.map((one) => ({ ...one, model: shown(one.model, 60) }));
  writeUsageFile(host, agent, { state, days: addUsage(days, named, now) }, evidence, now);
}

/** Reads the databases of an agent in a process that has only the rights of the agent's user. */
function readAs(
  host: Host,
  account: Account,
  home: string,
  databases: readonly Database[],
): readonly DatabaseRows[] {
  if (account.uid === process.getuid?.()) return readDatabases(home, databases);
  const args = ["--no-warnings", host.program, "usage-databases", home, JSON.stringify(databases)];
  const { status, stdout } = asRoot(() =>
    host.run(process.execPath, args, { as: account, timeout: PATIENCE }),
  );
  if (status !== 0) return [];
  try {
    return JSON.parse(stdout) as DatabaseRows[];
  } catch {
    return [];
  }
}

/** Prints the new rows of databases as JSON, for the user of this process. */
export function runDatabases([home = "", databases = "[]"]: readonly string[]): number {
  try {
    process.stdout.write(JSON.stringify(readDatabases(home, JSON.parse(databases) as Database[])));
    return 0;
  } catch (error) {
    process.stderr.write(`${reasonOf(error)}\n`);
    return 1;
  }
}
