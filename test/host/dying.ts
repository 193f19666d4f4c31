import childProcess from "node:child_process";
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";

/** The error that every change throws after the simulated death. */
class Death extends Error {}

type Call = (...args: unknown[]) => unknown;

/** All functions of node:fs with which the runtime changes a disk. */
const CHANGES = [
  ...["chmodSync", "chownSync", "fchmodSync", "fchownSync", "linkSync", "mkdirSync"],
  ...[
    "mkdtempSync",
    "openSync",
    "renameSync",
    "rmSync",
    "rmdirSync",
    "unlinkSync",
    "writeFileSync",
    "writeSync",
  ],
];

/**
 * Runs work, and simulates that its process dies at the n-th change. A change is a change to the disk or the start of
 * another program. After the death, no code has an effect, not even cleanup code. If the n-th change is a write, only
 * the first half of its bytes is written.
 *
 * @returns whether there was an n-th change
 */
export function dyingAt(n: number, work: () => void): boolean {
  let left = n;
  const isDead = () => left <= 0;
  const counted = (name: string, call: Call): Call => {
    return (...args) => {
      if (!changes(name, args)) return call(...args);
      left -= 1;
      if (left === 0) writeHalf(name, call, args);
      if (isDead()) throw new Death(`died at ${name}`);
      return call(...args);
    };
  };
  const restore = [
    // Syncing takes time, and these tests do not need it.
    ...patched(fs, ["fsyncSync"], () => () => undefined),
    ...patched(fs, CHANGES, counted),
    ...patched(childProcess, ["spawnSync"], counted),
  ];
  syncBuiltinESMExports();
  try {
    work();
  } catch (error) {
    if (!isDead()) throw error;
  } finally {
    for (const undo of restore) undo();
    syncBuiltinESMExports();
  }
  return isDead();
}

function patched(module: object, names: readonly string[], counted: (name: string, call: Call) => Call) {
  const functions = module as Record<string, Call>;
  return names.map((name) => {
    const original = functions[name] as Call;
    functions[name] = counted(name, original);
    return () => {
      functions[name] = original;
    };
  });
}

const { O_CREAT, O_TRUNC } = fs.constants;

/**
 * Returns whether a call is a change. Opening a file only to read it is not a change, and neither is taking a lock with
 * flock(1).
 */
function changes(name: string, [first, second]: readonly unknown[]): boolean {
  if (name === "spawnSync") return first !== "flock";
  if (name !== "openSync") return true;
  return typeof second === "number" ? (second & (O_CREAT | O_TRUNC)) !== 0 : second !== "r";
}

function writeHalf(name: string, call: Call, [file, bytes]: readonly unknown[]): void {
  if (name !== "writeSync" && name !== "writeFileSync") return;
  const all = Buffer.from(bytes as Uint8Array);
  call(file, all.subarray(0, all.length / 2));
}
