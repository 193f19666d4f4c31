import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { MusterError } from "../../../../base/errors.ts";
import type { BootedHost } from "../helper-protocol.ts";
import { type HostFile, readHostFile } from "../host-file.ts";
import type { HostPaths } from "../local-host-paths.ts";
import { answersSsh } from "../ssh-banner.ts";
import { networkPid, supervisorPid } from "../supervisor-process.ts";
import { makeCgroups } from "./cgroups.ts";
import { withHelperLock } from "./helper-lock.ts";
import { startSupervisor } from "./host-supervisor.ts";
import { findDroppingFirewall } from "./nat.ts";
import { BRIDGE, joinNetwork } from "./network.ts";
import { stopHost } from "./stop-host.ts";

/** The maximum time in milliseconds until the sshd of a host answers. This usually takes 2 s. */
const BOOT_TIME = 60_000;

/**
 * The minimum number of inotify instances that each user must be able to have. The systemd of each host uses about 9
 * instances of root, and the default limit is 128.
 */
const INOTIFY_INSTANCES = 4096;

/**
 * Boots a host if it is not running yet, and waits until its sshd answers.
 *
 * @throws MusterError with the last lines of the host's console if the host does not boot
 */
export async function bootHost(host: HostPaths): Promise<BootedHost> {
  const file = readHostFile(host.dir);
  if (file === undefined) {
    throw new MusterError({
      where: host.id,
      what: "it cannot be booted",
      why: "this local host does not exist.",
    });
  }
  const running = () => supervisorPid(host.dir) !== undefined;
  await waitForSsh(host, file, running() ? running : await start(host, file));
  const pid = networkPid(host.dir);
  const warning = pid === undefined ? undefined : await findDroppingFirewall(BRIDGE, pid);
  return { address: file.address, hostKeys: file.hostKeys, ...(warning !== undefined && { warning }) };
}

/** Starts a host. @returns a function that checks whether the host is still running */
async function start(host: HostPaths, file: HostFile): Promise<() => boolean> {
  await stopHost(host);
  raiseInotifyLimit();
  return withHelperLock("machine", async () => {
    const cgroups = makeCgroups(host.id);
    await joinNetwork(file.address);
    const supervisor = startSupervisor(host, file, cgroups);
    return () => supervisor.exitCode === null && supervisor.signalCode === null;
  });
}

async function waitForSsh(host: HostPaths, file: HostFile, runs: () => boolean): Promise<void> {
  const end = Date.now() + BOOT_TIME;
  while (!(await answersSsh(file.address))) {
    if (!runs()) throw failed(host, file, "it stopped while booting");
    if (Date.now() > end) throw failed(host, file, `its sshd did not answer within ${BOOT_TIME / 1000} s`);
    await sleep(50);
  }
}

function failed(host: HostPaths, file: HostFile, how: string): MusterError {
  const log = join(host.dir, "console.log");
  const tail = readFileSync(log, "utf8").trimEnd().split("\n").slice(-3).join(" | ");
  return new MusterError({
    where: file.name,
    what: "the local host did not boot",
    why: `${how}. The last lines of its console: ${tail}`,
    next: `The complete console output is in ${log}.`,
  });
}

function raiseInotifyLimit(): void {
  const file = "/proc/sys/fs/inotify/max_user_instances";
  if (Number(readFileSync(file, "utf8")) < INOTIFY_INSTANCES) writeFileSync(file, String(INOTIFY_INSTANCES));
}
