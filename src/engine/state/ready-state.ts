import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { MusterError } from "../../base/errors.ts";
import { withProcessLock } from "../../base/process-lock.ts";
import { elapsed } from "../progress.ts";
import { type EngineAnswer, type EngineStack, runEngine } from "../run-engine.ts";
import { adoptPending, type Deployment, pendingOf } from "./adopt-pending.ts";
import { forgetEndedRuns, noteRun } from "./engine-runs.ts";
import { storeOf } from "./open-store.ts";
import { lockOwner, type StackLock, takenAt } from "./stack-lock.ts";
import type { Store } from "./state-store.ts";
import { isFormerState, upgradeState } from "./upgrade-state.ts";

type Tell = (line: string) => void;

/** Looks whether the state can be read, before anything else is contacted. Writes nothing. */
export async function reachState(of: EngineStack): Promise<void> {
  await storeOf(of)?.look(false);
}

/**
 * Makes a stack's state ready for this process to change: the locks of killed runs are removed, what they were making
 * is adopted, and a state of an earlier version becomes one of today.
 *
 * @throws MusterError where the state cannot be reached, or somebody is at work on the stack
 */
export async function readyState(of: EngineStack, tell: Tell): Promise<void> {
  const store = storeOf(of);
  if (store === undefined) return;
  await alone(of, tell, async () => {
    const { locks, isInterrupted, isFormer } = await store.look(true);
    const held = locks.find(({ holder }) => holder !== "dead");
    if (held !== undefined) throw atWork(of.stack, held);
    await removeLocks(store, of, locks, tell);
    if (isInterrupted || isFormer) await rewrite(of, tell);
    noteRun(of.project, of.stack, process.pid);
  });
}

/**
 * Removes the locks of killed runs.
 *
 * @param force also those of runs that cannot be seen from here; never one that is seen at work
 * @returns how many were there
 * @throws MusterError where a lock has to stay
 */
export async function unlockState(of: EngineStack, force: boolean, tell: Tell): Promise<number> {
  const store = storeOf(of);
  if (store === undefined) {
    const why = "its state is kept by a service that looks after its locks itself.";
    throw new MusterError({
      what: `stack ${of.stack} was not unlocked`,
      why,
      next: "Use `npx pulumi cancel`.",
    });
  }
  return await alone(of, tell, async () => {
    const { locks } = await store.look(true);
    const held = locks.find(({ holder }) => holder === "alive" || (holder === "unseen" && !force));
    if (held !== undefined) throw atWork(of.stack, held);
    await removeLocks(store, of, locks, tell);
    return locks.length;
  });
}

/**
 * Who holds the locks of a stack.
 *
 * @returns undefined where a service looks after them, so that the state is not asked
 * @throws MusterError where the state cannot be reached
 */
export async function locksOf(of: EngineStack): Promise<readonly StackLock[] | undefined> {
  const store = storeOf(of);
  if (store === undefined) return undefined;
  return await alone(
    of,
    () => undefined,
    async () => (await store.look(true)).locks,
  );
}

/** One run of this checkout looks at a time: else one could remove as dead what the other has just taken. */
function alone<T>({ project }: EngineStack, tell: Tell, work: () => Promise<T>): Promise<T> {
  const waiting = (pid: number) => tell(`waiting for process ${pid}, which looks at the state`);
  return withProcessLock(join(project.dir, ".muster", "state.lock"), waiting, work);
}

async function removeLocks(
  store: Store,
  { project, stack }: EngineStack,
  locks: readonly StackLock[],
  tell: Tell,
): Promise<void> {
  if (locks.length > 0) await store.unlock(locks);
  for (const lock of locks) {
    const why = lock.holder === "dead" ? "it was killed" : "you said that it is dead";
    tell(`removed the lock of stack ${stack} that ${lockOwner(lock)} took at ${takenAt(lock)}: ${why}`);
  }
  forgetEndedRuns(project, stack);
}

/** `stack import` takes the stack's lock, and clears what is pending in the engine's own way. */
async function rewrite(of: EngineStack, tell: Tell): Promise<void> {
  const exported = await exportState(of);
  if (exported.failed) throw notRewritten(of.stack, exported.stderr);
  const state = JSON.parse(exported.stdout) as Deployment;
  const adoption = pendingOf(state).length > 0 ? adoptPending(state) : undefined;
  const isFormer = isFormerState(exported.stdout);
  if (adoption === undefined && !isFormer) return;
  const adopted = adoption?.deployment ?? state;
  const input = JSON.stringify(isFormer ? upgradeState(adopted) : adopted);
  const imported = await runEngine(of, ["stack", "import", "--stack", of.stack], { input });
  if (imported.failed) throw notRewritten(of.stack, imported.stderr);
  if (isFormer)
    tell(`stack ${of.stack}: each agent is one resource from now on; nothing on a host is changed by that`);
  if (adoption === undefined || adoption.adopted.length === 0) return;
  tell(`a killed run was making ${adoption.adopted.join(", ")}: this run looks at what is there and goes on`);
}

/** How often, and after how many milliseconds, a state is read again that a killed run is still writing. */
const [TRIES, PAUSE] = [6, 500];

async function exportState(of: EngineStack, tries = TRIES): Promise<EngineAnswer> {
  const exported = await runEngine(of, ["stack", "export", "--stack", of.stack]);
  if (!exported.failed || tries === 1 || !/\bEOF\b/.test(exported.stderr)) return exported;
  await setTimeout(PAUSE);
  return exportState(of, tries - 1);
}

function notRewritten(stack: string, stderr: string): MusterError {
  const what = `the state of stack ${stack} could not be made ready`;
  return new MusterError({ what, why: stderr.trim(), next: "Run it again." });
}

function atWork(stack: string, lock: StackLock): MusterError {
  const age = elapsed(Date.now() - Date.parse(lock.timestamp));
  const since = `since ${takenAt(lock)} (${age})`;
  const what = `stack ${stack} is locked`;
  if (lock.holder === "alive") {
    const why = `${lockOwner(lock)} has been at work on it ${since}.`;
    return new MusterError({ what, why, next: "Wait until that run has ended, then run it again." });
  }
  return new MusterError({
    what,
    why: `${lockOwner(lock)} has held the lock ${since}; from here nobody can see whether that run still works.`,
    next: `Ask ${lock.username}. If the run is dead: \`npx fleet unlock --stack ${stack} --force\`.`,
  });
}
