import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Project } from "./project.ts";
import { pidsOf, type Victim } from "./victims.ts";

const ROOT = join(import.meta.dirname, "..", "..", "..");

/** Milliseconds between two looks at what a run has done. */
const LOOK_EVERY = 4;

export interface Doom {
  readonly victim: Victim;
  /**
   * Killed once the run has done so much: lines that the engine said, connections and requests that it made; or once
   * the trace of these is as is told.
   */
  readonly after: number | ((traced: string) => boolean);
  /** Milliseconds from then to the kill. */
  readonly delay: number;
  /** The cgroup of the local host that the run works on. */
  readonly cgroup: string;
}

export interface DoomedRun {
  /** What it did until it ended, counted as in `Doom`. */
  readonly done: number;
  readonly wasKilled: boolean;
}

/**
 * Runs `pulumi`, and kills a part of it with SIGKILL; a part that is not there yet is waited for. Ends when the engine
 * has ended; of the rest, what was orphaned may still run.
 *
 * @param doom left out for a run that nothing disturbs
 */
export async function doomedRun(project: Project, args: readonly string[], doom?: Doom): Promise<DoomedRun> {
  const traced = join(project.dir, ".muster", "doomed.jsonl");
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
  let said = 0;
  engine.stdout.setEncoding("utf8").on("data", (text: string) => {
    said += linesIn(text);
  });
  const trace = () => (existsSync(traced) ? readFileSync(traced, "utf8") : "");
  const done = () => said + linesIn(trace());
  const isTime = (after: Doom["after"]) => (typeof after === "number" ? done() >= after : after(trace()));
  const isAlive = () => engine.exitCode === null && engine.signalCode === null;
  let wasKilled = false;
  if (doom !== undefined) {
    while (isAlive() && !isTime(doom.after)) await sleep(LOOK_EVERY);
    await sleep(doom.delay);
    while (isAlive() && !wasKilled) {
      wasKilled = pidsOf(doom.victim, engine.pid as number, doom.cgroup)
        .map(kill)
        .includes(true);
      await sleep(LOOK_EVERY);
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
