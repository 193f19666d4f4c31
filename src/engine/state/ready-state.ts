import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { MusterError } from "../../base/errors.ts";
import { withProcessLock } from "../../base/process-lock.ts";
import { elapsed } from "../progress.ts";
import { stateDir } from "../project.ts";
import { type EngineAnswer, type EngineStack, runEngine } from "../run-engine.ts";
import { adoptPending, type Deployment, pendingOf } from "./adopt-pending.ts";
import { forgetEndedRuns, noteRun } from "./engine-runs.ts";
import { localStore } from "./local-store.ts";
import { sharedStore } from "./shared-store.ts";
import { lockOwner, type StackLock, takenAt } from "./stack-lock.ts";
import type { StateRead, Store } from "./state-store.ts";
import { isFormerState, upgradeState } from "./upgrade-state.ts";

type Report = (line: string) => void;

/**
 * Checks that the state can be read, before anything else is contacted. Writes nothing.
 *
 * @returns undefined if a service manages the state
 */
export async function checkState(of: EngineStack): Promise<StateRead | undefined> {
  return await openStore(of)?.read(false);
}

/**
 * Prepares a stack's state for a change by this process. Removes the locks of killed runs, adopts the resources that
 * these runs were creating, and upgrades a state from an earlier version of Muster.
 *
 * @returns the facts about the state before these changes; undefined if a service manages the state
 * @throws MusterError if the state cannot be reached, or another run is working on the stack
 */
export async function readyState(of: EngineStack, report: Report): Promise<StateRead | undefined> {
  const store = openStore(of);
  if (store === undefined) return undefined;
  return await exclusively(of, report, async () => {
    const read = await store.read(true);
    const { locks, isInterrupted, isFormer } = read;
    const held = locks.find(({ holder }) => holder !== "dead");
    if (held !== undefined) throw lockedError(of.stack, held);
    await removeLocks(store, of, locks, report);
    if (isInterrupted || isFormer) await rewriteState(of, report);
    noteRun(of.project, of.stack, process.pid);
    return read;
  });
}

/**
 * Removes the locks of killed runs.
 *
 * @param force whether to also remove the locks of runs that cannot be seen from this machine
 * @returns the number of removed locks
 * @throws MusterError if a lock must not be removed; no lock is then removed
 */
export async function unlockState(of: EngineStack, force: boolean, report: Report): Promise<number> {
  const store = openStore(of);
  if (store === undefined) {
    const why = "the service that keeps its state manages the locks itself.";
    throw new MusterError({
      what: `stack ${of.stack} was not unlocked`,
      why,
      next: "Use `npx pulumi cancel`.",
    });
  }
  return await exclusively(of, report, async () => {
    const { locks } = await store.read(true);
    const held = locks.find(({ holder }) => holder === "alive" || (holder === "unseen" && !force));
    if (held !== undefined) throw lockedError(of.stack, held);
    await removeLocks(store, of, locks, report);
    return locks.length;
  });
}

/**
 * Returns the locks of a stack. If a service manages the locks, returns undefined and does not contact the
 * state.
 *
 * @throws MusterError if the state cannot be reached
 */
export async function locksOf(of: EngineStack): Promise<readonly StackLock[] | undefined> {
  const store = openStore(of);
  if (store === undefined) return undefined;
  return await exclusively(
    of,
    () => undefined,
    async () => (await store.read(true)).locks,
  );
}

/**
 * Runs `work` while no other process in this checkout uses the state. Without this, a process could mistake the new
 * lock of another process for the lock of a killed run, and remove this lock.
 */
function exclusively<T>({ project }: EngineStack, report: Report, work: () => Promise<T>): Promise<T> {
  const waiting = (pid: number) => report(`waiting for process ${pid}, which is checking the state`);
  return withProcessLock(join(project.dir, ".muster", "state.lock"), waiting, work);
}

async function removeLocks(
  store: Store,
  { project, stack }: EngineStack,
  locks: readonly StackLock[],
  report: Report,
): Promise<void> {
  if (locks.length > 0) await store.unlock(locks);
  for (const lock of locks) {
    const why = lock.holder === "dead" ? "that run was killed" : "`--force` was given";
    report(`removed the lock of stack ${stack} that ${lockOwner(lock)} took at ${takenAt(lock)}: ${why}`);
  }
  forgetEndedRuns(project, stack);
}

/**
 * If necessary, adopts the resources that killed runs were creating, and upgrades the state. Uses `stack import`, which
 * takes the stack's lock.
 */
async function rewriteState(of: EngineStack, report: Report): Promise<void> {
  const exported = await exportState(of);
  if (exported.failed) throw prepareError(of.stack, exported.stderr);
  const state = JSON.parse(exported.stdout) as Deployment;
  const adoption = pendingOf(state).length > 0 ? adoptPending(state) : undefined;
  const isFormer = isFormerState(exported.stdout);
  if (adoption === undefined && !isFormer) return;
  const adopted = adoption?.deployment ?? state;
  const input = JSON.stringify(isFormer ? upgradeState(adopted) : adopted);
  const imported = await runEngine(of, ["stack", "import", "--stack", of.stack], { input });
  if (imported.failed) throw prepareError(of.stack, imported.stderr);
  if (isFormer)
    report(
      `upgraded the state of stack ${of.stack}: each agent is now one resource. This does not change any host`,
    );
  if (adoption === undefined || adoption.adopted.length === 0) return;
  report(
    `a killed run was creating ${adoption.adopted.join(", ")}: this run checks what exists and continues`,
  );
}

/**
 * The maximum number of attempts to read a state while a killed run still writes it, and the number of milliseconds
 * between two attempts.
 */
const [TRIES, PAUSE] = [6, 500];

async function exportState(of: EngineStack, tries = TRIES): Promise<EngineAnswer> {
  const exported = await runEngine(of, ["stack", "export", "--stack", of.stack]);
  if (!exported.failed || tries === 1 || !/\bEOF\b/.test(exported.stderr)) return exported;
  await setTimeout(PAUSE);
  return exportState(of, tries - 1);
}

function prepareError(stack: string, stderr: string): MusterError {
  const what = `the state of stack ${stack} could not be prepared for the run`;
  return new MusterError({ what, why: stderr.trim(), next: "Run the command again." });
}

function lockedError(stack: string, lock: StackLock): MusterError {
  const age = elapsed(Date.now() - Date.parse(lock.timestamp));
  const since = `since ${takenAt(lock)} (${age})`;
  const what = `stack ${stack} is locked`;
  if (lock.holder === "alive") {
    const why = `${lockOwner(lock)} has been working on it ${since}.`;
    return new MusterError({ what, why, next: "Wait until that run has ended, then run this again." });
  }
  return new MusterError({
    what,
    why: `${lockOwner(lock)} has held the lock ${since}; this machine cannot see whether that run is still active.`,
    next: `Ask ${lock.username}. If that run is no longer active, run \`npx fleet unlock --stack ${stack} --force\`.`,
  });
}

/**
 * Matches the backends whose locks are files or rows. Such a lock still exists after the run that holds it was killed.
 */
const OWN_LOCKS = /^(file|s3|gs|azblob|postgres):/;

/** Opens a stack's state; undefined if a service such as Pulumi Cloud manages its locks. */
function openStore(of: EngineStack): Store | undefined {
  const dir = stateDir(of.project);
  if (dir !== undefined) return localStore(of.project, of.stack, dir);
  return OWN_LOCKS.test(of.project.backend) ? sharedStore(of) : undefined;
}
