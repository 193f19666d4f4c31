import { dirname } from "node:path";
import { count } from "../../base/count.ts";
import { LOCK_FILE, readLock, writeLock } from "../../config/fleet-lock.ts";
import { loadRuntimes } from "../../config/load-runtimes.ts";
import { misfit, type Pinned } from "../../model/installation.ts";
import { sourceOf } from "../../sources/registry.ts";
import type { CommandDefinition } from "../command.ts";
import { fleetFile } from "../open-fleet.ts";

export const command: CommandDefinition = {
  usage: "pin",
  summary: `write the exact versions and digests of the runtimes to ${LOCK_FILE}; contacts no host`,
  options: {},
  async run({ io }) {
    const file = fleetFile();
    const dir = dirname(file);
    const wanted = loadRuntimes(file);
    const read = readLock(dir);
    const before = "lock" in read ? read.lock : {};
    const lock: Record<string, Pinned> = {};
    for (const [name, one] of Object.entries(wanted)) {
      const known = Object.hasOwn(before, name) ? before[name] : undefined;
      if (known !== undefined && misfit(one, known) === undefined) {
        lock[name] = known;
        continue;
      }
      io.err(`${name}: finding everything that ${one.version} consists of\n`);
      const pinned = await sourceOf(one.from).resolve(one, dir, (sentence) =>
        io.err(`warning: ${sentence}\n`),
      );
      lock[name] = pinned;
      io.out(`${name}: ${changeText(known, pinned)}\n`);
    }
    for (const name of Object.keys(before))
      if (!Object.hasOwn(wanted, name)) io.out(`${name}: no longer pinned\n`);
    writeLock(dir, lock);
    io.out(`${LOCK_FILE} matches fleet.yaml: ${count(Object.keys(lock).length, "runtime")}. Commit it.\n`);
    return [];
  },
};

/** Returns a text that compares an entry with its previous version, such as `2.1.331 -> 2.1.332, 3 archives`. */
function changeText(
  before: Pinned | undefined,
  { version, archives, interpreter, interpreterVersion }: Pinned,
): string {
  const step =
    before === undefined || before.version === version ? version : `${before.version} -> ${version}`;
  const on =
    interpreter === undefined
      ? ""
      : `, on ${interpreter === "node" ? "Node" : "Python"} ${interpreterVersion}`;
  return `${step}, ${count(archives.length, "archive")}${on}`;
}
