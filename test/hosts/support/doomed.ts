import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Project } from "./project.ts";

const ROOT = join(import.meta.dirname, "..", "..", "..");

/** Who is killed: the engine with its process group, or the provider alone. */
export type Victim = "engine" | "provider";

/**
 * Starts `pulumi up`, and kills a part of it with SIGKILL. Ends when the engine has ended; of the rest, what was
 * orphaned may still run.
 *
 * @param delay milliseconds from the start to the kill; a provider that is not there yet is waited for
 * @returns whether it was killed before it ended by itself
 */
export async function killedUp(project: Project, victim: Victim, delay: number): Promise<boolean> {
  const engine = spawn(join(ROOT, "bin/pulumi"), ["up", "--yes", "--skip-preview"], {
    cwd: project.dir,
    env: { PATH: process.env["PATH"], HOME: process.env["HOME"], MUSTER_OFFLINE: "1" },
    detached: true,
    stdio: "ignore",
  });
  const ended = once(engine, "exit");
  await sleep(delay);
  const isAlive = () => engine.exitCode === null && engine.signalCode === null;
  const pid = engine.pid as number;
  let wasKilled = false;
  while (isAlive() && !wasKilled) {
    wasKilled = victim === "engine" ? kill(-pid) : providersOf(pid).map(kill).includes(true);
    await sleep(20);
  }
  await ended;
  return wasKilled;
}

function kill(pid: number): boolean {
  try {
    return process.kill(pid, "SIGKILL");
  } catch {
    return false;
  }
}

function providersOf(engine: number): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => parentOf(pid) === engine && read(`/proc/${pid}/cmdline`).includes("provider.mjs"));
}

function parentOf(pid: number): number {
  return Number(/^PPid:\t(\d+)/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 0);
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
