import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Project } from "./project.ts";
import { pidsOf, type Victim } from "./run-processes.ts";

const ROOT = join(import.meta.dirname, "..", "..", "..");

/** Milliseconds between two checks of a run's progress. */
const POLL_INTERVAL = 4;

export interface KillTarget {
  readonly victim: Victim;
  /**
   * When to kill: after a number of steps, which are lines of engine output plus connections and requests, or once the
   * trace of connections and requests matches.
   */
  readonly after: number | ((traced: string) => boolean);
  /** Milliseconds from then to the kill. */
  readonly delay: number;
  /** The cgroup of the local host that the run works on. */
  readonly cgroup: string;
}

export interface KilledRun {
  /** The number of steps until the end, counted as in `KillTarget`. */
  readonly done: number;
  readonly wasKilled: boolean;
}

/**
 * Runs `pulumi` and kills one of its processes with SIGKILL. If the process does not exist yet, waits for it. Returns
 * when the engine has ended; orphaned processes may still run.
 *
 * @param target left out for an undisturbed run
 */
export async function killedRun(
  project: Project,
  args: readonly string[],
  target?: KillTarget,
): Promise<KilledRun> {
  const traced = join(project.dir, ".muster", "killed-run.jsonl");
  rmSync(traced, { force: true });
  const engine = spawn(join(ROOT, "bin/pulumi"), args, {
    cwd: project.dir,
    env: {
      PATH: process.env["PATH"],
      HOME: process.env["HOME"],
      MUSTER_OFFLINE: "1",
      MUSTER_TRACE: traced,
    },
    detached: true,
    stdio: ["ignore", "pipe", "ignore"],
  });
  const ended = once(engine, "exit");
  let printedLines = 0;
  engine.stdout.setEncoding("utf8").on("data", (text: string) => {
    printedLines += linesIn(text);
  });
  const trace = () => (existsSync(traced) ? readFileSync(traced, "utf8") : "");
  const done = () => printedLines + linesIn(trace());
  const isTime = (after: KillTarget["after"]) =>
    typeof after === "number" ? done() >= after : after(trace());
  const isAlive = () => engine.exitCode === null && engine.signalCode === null;
  let wasKilled = false;
  if (target !== undefined) {
    while (isAlive() && !isTime(target.after)) await sleep(POLL_INTERVAL);
    await sleep(target.delay);
    while (isAlive() && !wasKilled) {
      wasKilled = pidsOf(target.victim, engine.pid as number, target.cgroup)
        .map(kill)
        .includes(true);
      await sleep(POLL_INTERVAL);
    }
  }
  await ended;
  return { done: done(), wasKilled };
}

function kill(pid: number): boolean {
  try {
    return process.kill(pid, "SIGKILL");
  } catch {
    return false;
  }
}

function linesIn(text: string): number {
  return text.split("\n").length - 1;
}
