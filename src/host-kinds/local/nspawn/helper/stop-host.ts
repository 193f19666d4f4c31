import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { MusterError } from "../../../../base/errors.ts";
import type { HostPlace } from "../local-host-paths.ts";
import { supervisorPid } from "../supervisor-process.ts";
import { cgroupPids, removeCgroups } from "./cgroups.ts";
import { withHelperLock } from "./helper-lock.ts";
import { leaveNetwork } from "./network.ts";

/** Milliseconds that a host has to shut down by itself, and then for its killed processes to be gone. */
const SHUTDOWN_TIME = 10_000;
const KILL_TIME = 5000;

/** Stops a host and takes away all it had of this machine but its disk. One that does not run is a success. */
export async function stopHost(host: HostPlace): Promise<Record<string, never>> {
  await shutDown(host);
  await kill(host);
  rmSync(join(host.dir, "pid"), { force: true });
  await withHelperLock("machine", async () => {
    const others = await removeCgroups(host.id);
    if (!others) await leaveNetwork();
  });
  return {};
}

/** SIGTERM makes systemd-nspawn ask the host's systemd to halt; a second one would end it at once. */
async function shutDown(host: HostPlace): Promise<void> {
  const asked = new Set<number>();
  const end = Date.now() + SHUTDOWN_TIME;
  for (let pid = supervisorPid(host.dir); pid !== undefined; pid = supervisorPid(host.dir)) {
    for (const child of nspawnsOf(pid).filter((nspawn) => !asked.has(nspawn))) {
      signal(child, "SIGTERM");
      asked.add(child);
    }
    if (Date.now() > end) return;
    await sleep(50);
  }
}

function nspawnsOf(supervisor: number): number[] {
  const children = readProc(`/proc/${supervisor}/task/${supervisor}/children`).split(" ").filter(Boolean);
  return children.map(Number).filter((pid) => readProc(`/proc/${pid}/comm`).trim() === "systemd-nspawn");
}

async function kill(host: HostPlace): Promise<void> {
  const end = Date.now() + KILL_TIME;
  for (let pids = cgroupPids(host.id); pids.length > 0; pids = cgroupPids(host.id)) {
    for (const pid of pids) signal(pid, "SIGKILL");
    if (Date.now() > end) {
      const why = `its processes ${pids.join(", ")} do not end.`;
      throw new MusterError({ where: host.id, what: "cannot stop the local host", why });
    }
    await sleep(20);
  }
}

/** A process may end between being seen and being signalled. */
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
