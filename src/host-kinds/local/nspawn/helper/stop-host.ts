import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { MusterError } from "../../../../base/errors.ts";
import type { HostPaths } from "../local-host-paths.ts";
import { supervisorPid } from "../supervisor-process.ts";
import { cgroupPids, removeCgroups } from "./cgroups.ts";
import { withHelperLock } from "./helper-lock.ts";
import { leaveNetwork } from "./network.ts";

/** The maximum time in milliseconds for a host to shut down. */
const SHUTDOWN_TIME = 10_000;
/** The maximum time in milliseconds for the remaining processes to end after SIGKILL. */
const KILL_TIME = 5000;

/** Stops a host if it is running. Releases all resources of the host on this machine, except its disk. */
export async function stopHost(host: HostPaths): Promise<Record<string, never>> {
  await shutDown(host);
  await kill(host);
  rmSync(join(host.dir, "pid"), { force: true });
  await withHelperLock("machine", async () => {
    const others = await removeCgroups(host.id);
    if (!others) await leaveNetwork();
  });
  return {};
}

/**
 * Shuts down a host by sending SIGTERM to systemd-nspawn. Each systemd-nspawn process gets only one SIGTERM,
 * because it would exit immediately after a second SIGTERM.
 */
async function shutDown(host: HostPaths): Promise<void> {
  const signalled = new Set<number>();
  const end = Date.now() + SHUTDOWN_TIME;
  for (let pid = supervisorPid(host.dir); pid !== undefined; pid = supervisorPid(host.dir)) {
    for (const child of nspawnsOf(pid).filter((nspawn) => !signalled.has(nspawn))) {
      signal(child, "SIGTERM");
      signalled.add(child);
    }
    if (Date.now() > end) return;
    await sleep(50);
  }
}

function nspawnsOf(supervisor: number): number[] {
  const children = readProc(`/proc/${supervisor}/task/${supervisor}/children`).split(" ").filter(Boolean);
  return children.map(Number).filter((pid) => readProc(`/proc/${pid}/comm`).trim() === "systemd-nspawn");
}

async function kill(host: HostPaths): Promise<void> {
  const end = Date.now() + KILL_TIME;
  for (let pids = cgroupPids(host.id); pids.length > 0; pids = cgroupPids(host.id)) {
    for (const pid of pids) signal(pid, "SIGKILL");
    if (Date.now() > end) {
      const why = `its processes ${pids.join(", ")} do not exit.`;
      throw new MusterError({ where: host.id, what: "the local host cannot be stopped", why });
    }
    await sleep(20);
  }
}

/** Sends a signal to a process. Does nothing if the process has already ended. */
function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

function readProc(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
