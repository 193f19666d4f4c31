import { readdirSync, readFileSync, statSync } from "node:fs";
import { secretDigest } from "../../model/digest.ts";
import { environmentLine } from "../../model/environment-line.ts";
import type { FormerKey } from "../../model/former-key.ts";
import type { HostRecord } from "../../model/host-record.ts";
import { agentOf } from "../../model/resource-id.ts";
import { readAccounts } from "../accounts/read-accounts.ts";
import type { Host } from "../context.ts";
import { record } from "../reports/history.ts";
import {
  agentsWithFormerKeys,
  type RecordedKey,
  readFormerKeys,
  writeFormerKeys,
} from "../store/former-keys.ts";
import { readRecords } from "../store/records.ts";
import { isSecretItem, type SecretHasher, secretHasher } from "../store/secret-hasher.ts";

/** The number of milliseconds for which the host remembers a former key that no process has any more. */
const KEPT = 7 * 86_400_000;

/** The current secrets of an agent: for each variable, the path of its file and the recorded hash. */
interface CurrentKey {
  readonly variable: string;
  readonly path: string;
  readonly hash: unknown;
}

/**
 * Returns an agent's former keys. `unused` says that no process of the agent's user has the key in its environment.
 * Values are compared by their hashes, and are never returned.
 *
 * @param records the records of this host
 * @param proc the folder of proc(5)
 */
export function observeFormerKeys(
  host: Host,
  agent: string,
  records: readonly HostRecord[],
  proc = "/proc",
): RecordedKey[] {
  const known = readFormerKeys(host, agent);
  if (known.every(({ unused }) => unused !== undefined)) return known;
  const own = records.filter(({ id }) => agentOf(id) === agent);
  const current = own.flatMap(currentKeys);
  const users = readAccounts(host.paths.etc).users;
  const owners = own.flatMap(({ items }) =>
    Object.values(items).flatMap((item) => (isSecretItem(item) ? [users.get(item.want.owner)?.uid] : [])),
  );
  const uids = new Set(owners.flatMap((uid) => uid ?? []));
  const inUse = hashesInUse(known, current, uids, secretHasher(host), proc);
  const now = new Date().toISOString();
  return known
    .filter(({ path, hash }) => !current.some((one) => one.path === path && one.hash === hash))
    .map((one) => (one.unused !== undefined || inUse.has(one.hash) ? one : { ...one, unused: now }));
}

/** Returns the part of former keys that is allowed to leave the host. */
export function withoutHashes(keys: readonly RecordedKey[]): FormerKey[] {
  return keys.map(({ credential, since, unused }) => ({ credential, since, ...(unused && { unused }) }));
}

/**
 * Records in the history which former keys no process has any more, so that a person can revoke them. Forgets former
 * keys that have been unused for a week.
 */
export function noteUnusedKeys(host: Host): void {
  let records: readonly HostRecord[] | undefined;
  for (const agent of agentsWithFormerKeys(host)) {
    const before = readFormerKeys(host, agent);
    const isOpen = before.some(({ unused }) => unused === undefined);
    if (isOpen) records ??= readRecords(host);
    const now = observeFormerKeys(host, agent, records ?? []);
    const unused = now.filter(
      (one) => !before.some(({ hash, unused }) => hash === one.hash && unused === one.unused),
    );
    const kept = now.filter((one) => one.unused === undefined || Date.now() - Date.parse(one.unused) < KEPT);
    if (unused.length === 0 && kept.length === before.length) continue;
    writeFormerKeys(host, agent, kept);
    record(
      host,
      unused.map(({ credential }) => ({
        event: "key-unused",
        agent,
        detail: `the former value of ${credential}`,
      })),
    );
  }
}

function currentKeys({ items, applied = {} }: HostRecord): CurrentKey[] {
  return Object.entries(items).flatMap(([name, item]) =>
    isSecretItem(item) && item.envName !== undefined
      ? [{ variable: item.envName, path: item.path, hash: applied[name]?.["content"] }]
      : [],
  );
}

function hashesInUse(
  known: readonly RecordedKey[],
  current: readonly CurrentKey[],
  uids: ReadonlySet<number>,
  hashSecret: SecretHasher,
  proc: string,
): ReadonlySet<string> {
  const hashOf = (path: string, variable: string, value: string) =>
    hashSecret(secretDigest(path, environmentLine(variable, value)));
  const found = new Set<string>();
  const seen = new Set<string>();
  for (const entry of environmentsOf(uids, proc).flat()) {
    if (seen.has(entry)) continue;
    seen.add(entry);
    const cut = entry.indexOf("=");
    const [variable, value] = [entry.slice(0, cut), entry.slice(cut + 1)];
    const formers = known.filter((one) => one.variable === variable);
    if (formers.length === 0) continue;
    // A credential that was only renamed has the same value under another path.
    const isCurrent = current.some(
      (one) => one.variable === variable && one.hash === hashOf(one.path, variable, value),
    );
    if (isCurrent) continue;
    for (const { path, hash } of formers) if (hash === hashOf(path, variable, value)) found.add(hash);
  }
  return found;
}

/** Returns the variables of each process of the users, as they were when the process started its program. */
function environmentsOf(uids: ReadonlySet<number>, proc: string): string[][] {
  return readdirSync(proc).flatMap((pid) => {
    if (!/^\d+$/.test(pid)) return [];
    try {
      if (!uids.has(statSync(`${proc}/${pid}`).uid)) return [];
      return [readFileSync(`${proc}/${pid}/environ`, "utf8").split("\0")];
    } catch {
      // The process has ended meanwhile.
      return [];
    }
  });
}
