import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { MusterError } from "../../../../base/errors.ts";
import type { HostAddress } from "../helper-protocol.ts";
import { type HostFile, readHostFile } from "../host-file.ts";
import type { HostPlace } from "../local-host-paths.ts";
import { saysSsh } from "../ssh-banner.ts";
import { supervisorPid } from "../supervisor-process.ts";
import { makeCgroups } from "./cgroups.ts";
import { withHelperLock } from "./helper-lock.ts";
import { startSupervisor } from "./host-supervisor.ts";
import { joinNetwork } from "./network.ts";
import { stopHost } from "./stop-host.ts";

/** Milliseconds until a host that does not answer counts as failed; 2 s is usual. */
const BOOT_TIME = 60_000;

/** Every systemd watches files with some 9 inotify instances of uid 0, and Linux allows a user 128 of them. */
const INOTIFY_INSTANCES = 4096;

/**
 * Boots a host, unless it runs, and waits until its sshd answers.
 *
 * @throws MusterError with the end of its console where it does not come up
 */
export async function bootHost(host: HostPlace): Promise<HostAddress> {
  const file = readHostFile(host.dir);
  if (file === undefined) {
    throw new MusterError({ where: host.id, what: "cannot boot", why: "there is no such local host." });
  }
  const running = () => supervisorPid(host.dir) !== undefined;
  await answers(host, file, running() ? running : await start(host, file));
  return { address: file.address, hostKeys: file.hostKeys };
}

/** @returns tells whether it still runs */
async function start(host: HostPlace, file: HostFile): Promise<() => boolean> {
  await stopHost(host);
  raiseInotifyLimit();
  return withHelperLock("machine", async () => {
    const cgroups = makeCgroups(host.id);
    await joinNetwork(file.address);
    const supervisor = startSupervisor(host, file, cgroups);
    return () => supervisor.exitCode === null && supervisor.signalCode === null;
  });
}

async function answers(host: HostPlace, file: HostFile, runs: () => boolean): Promise<void> {
  const end = Date.now() + BOOT_TIME;
  while (!(await saysSsh(file.address))) {
    if (!runs()) throw failed(host, file, "it ended while it booted");
    if (Date.now() > end) throw failed(host, file, `its sshd did not answer within ${BOOT_TIME / 1000} s`);
    await sleep(50);
  }
}

function failed(host: HostPlace, file: HostFile, how: string): MusterError {
  const log = join(host.dir, "console.log");
  const tail = readFileSync(log, "utf8").trimEnd().split("\n").slice(-3).join(" | ");
  return new MusterError({
    where: file.name,
    what: "the local host did not come up",
    why: `${how}. Its console's last lines: ${tail}`,
    next: `The whole of it is in ${log}.`,
  });
}

function raiseInotifyLimit(): void {
  const file = "/proc/sys/fs/inotify/max_user_instances";
  if (Number(readFileSync(file, "utf8")) < INOTIFY_INSTANCES) writeFileSync(file, String(INOTIFY_INSTANCES));
}
