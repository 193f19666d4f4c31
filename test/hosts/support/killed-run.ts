import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pidsOf, type Victim } from "./processes-of-run.ts";
import type { Project } from "./project.ts";

const ROOT = join(import.meta.dirname, "..", "..", "..");

/** Milliseconds between two checks of a run's progress. */
const POLL_INTERVAL = 4;

export interface KillTarget {
  readonly victim: Victim;
  /**
   * The moment of the kill: after a number of steps, or once the function returns true for the trace of connections and
   * requests. Each line of the engine's output, each connection and each request is a step.
   */
  readonly after: number | ((traced: string) => boolean);
  /** The time from that moment to the kill, in milliseconds. */
  readonly delay: number;
  /** The name of the local host's cgroup. The run changes this host. */
  readonly cgroup: string;
}

export interface KilledRun {
  /** The number of steps in the complete run, counted as in `KillTarget`. */
  readonly done: number;
  readonly wasKilled: boolean;
}

/**
 * Runs `pulumi` and kills one of its processes with SIGKILL. If the process does not exist yet, the function waits for
 * the process. It returns when the engine has ended. At that time, orphaned processes can still run.
 *
 * @param target undefined for a run without a kill
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
