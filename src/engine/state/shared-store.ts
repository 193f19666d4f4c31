import { hostname, userInfo } from "node:os";
import { type EngineAnswer, type EngineStack, runEngine } from "../run-engine.ts";
import { type Deployment, pendingOf } from "./adopt-pending.ts";
import { type EngineRun, isAlive, notedRuns, noteRun } from "./engine-runs.ts";
import { holderHere, type LockHolder, type LockOwner, type StackLock } from "./stack-lock.ts";
import { hasComponent, type StateRead, type Store } from "./state-store.ts";
import { stateUnreachable } from "./state-unreachable.ts";
import { isFormerState } from "./upgrade-state.ts";

/** The timeout of one request to a shared state, in milliseconds. */
const TIMEOUT = 30_000;

/** The maximum number of milliseconds between the time of a run's record and the time of the run's lock. */
const NOTE_TO_LOCK = 300_000;

/** Matches a line in the error of the engine's checkForLock (pkg/backend/diy/lock.go). */
const LOCK = /^\s+(\S+): created by (.+)@(\S+) \(pid (\d+)\) at (\S+)$/gm;

/**
 * Opens a state that several machines write: a bucket, a database, or a folder outside the project. Accesses the state
 * only through the engine, so that Muster supports every backend and login that the engine supports.
 */
export function sharedStore(of: EngineStack): Store {
  return {
    read: async (forChange) => {
      const busy = forChange ? ownRun(of) : undefined;
      if (busy !== undefined) return { ...UNCHANGED, locks: [busy] };
      const [state, locks] = await Promise.all([exported(of), forChange ? readLocks(of) : []]);
      return { locks, ...state } satisfies StateRead;
    },
    unlock: async () => {
      const { failed, ...answer } = await ask(of, ["cancel", "--yes", "--stack", of.stack]);
      if (failed) throw stateUnreachable(of, { failed, ...answer });
    },
  };
}

/**
 * Finds another run in this checkout. Searches for its recorded process, because the other run might not have taken its
 * lock yet. `readLocks` itself briefly takes the lock, and could take it before the other run does.
 */
function ownRun({ project, stack }: EngineStack): StackLock | undefined {
  const run = notedRuns(project, stack).find((one) => one.pid !== process.pid && isAlive(one));
  if (run === undefined) return undefined;
  const { username } = userInfo();
  const { pid, noted: timestamp } = run;
  return { place: "", username, hostname: hostname(), pid, timestamp, holder: "alive" };
}

const UNCHANGED = { isInterrupted: false, isFormer: false, hasComponent: false };

/** Reads the state, and finds out which changes the state needs. */
async function exported(of: EngineStack): Promise<Omit<StateRead, "locks">> {
  const answer = await ask(of, ["stack", "export", "--stack", of.stack]);
  if (hasNoStack(answer)) return UNCHANGED;
  if (answer.failed) throw stateUnreachable(of, answer);
  const isInterrupted = pendingOf(JSON.parse(answer.stdout) as Deployment).length > 0;
  const { stdout } = answer;
  return { isInterrupted, isFormer: isFormerState(stdout), hasComponent: hasComponent(stdout) };
}

/**
 * Reads the locks of a stack. The engine has no command that only reads locks, but every command that needs the lock
 * reports who holds it. Only one of these commands changes nothing: the rename of a stack to its own name. The engine
 * refuses this rename, because the name already exists.
 */
async function readLocks(of: EngineStack): Promise<StackLock[]> {
  const { project, stack } = of;
  const answer = await ask(of, ["stack", "rename", stack, "--stack", stack], (pid) =>
    noteRun(project, stack, pid),
  );
  const runs = notedRuns(project, stack);
  const locks = [...answer.stderr.matchAll(LOCK)].map(
    ([, place = "", username = "", host = "", pid, at = ""]) =>
      lockOf({ username, hostname: host, pid: Number(pid), timestamp: at }, place, runs),
  );
  const isAnswered = locks.length > 0 || answer.stderr.includes("already exists") || hasNoStack(answer);
  if (answer.failed && !isAnswered) throw stateUnreachable(of, answer);
  return locks;
}

function lockOf(owner: LockOwner, place: string, runs: readonly EngineRun[]): StackLock {
  return { ...owner, place, holder: holderOf(owner, runs) };
}

/**
 * Finds out whether the run that holds a lock is alive. A run counts as dead only if it was recorded on this machine,
 * because another machine can have the same name.
 */
function holderOf(owner: LockOwner, runs: readonly EngineRun[]): LockHolder {
  const run = runs.find(({ pid, noted }) => {
    return pid === owner.pid && Math.abs(Date.parse(owner.timestamp) - Date.parse(noted)) < NOTE_TO_LOCK;
  });
  const here = holderHere(owner);
  if (run !== undefined && here !== "unseen") return isAlive(run) ? "alive" : "dead";
  return here === "alive" ? "alive" : "unseen";
}

function ask(
  of: EngineStack,
  command: readonly string[],
  started?: (pid: number) => void,
): Promise<EngineAnswer> {
  return runEngine(of, command, { timeout: TIMEOUT, ...(started && { started }) });
}

function hasNoStack({ stderr }: EngineAnswer): boolean {
  return /no stack named '/.test(stderr);
}
