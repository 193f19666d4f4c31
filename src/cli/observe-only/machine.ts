import { MusterError } from "../../base/errors.ts";
import type { Fleet } from "../../config/fleet.ts";
import type { Disk, Machine } from "../../model/machine-health.ts";
import { scan } from "../../transport/run-read-only-script.ts";
import { reachableTarget } from "../connections.ts";
import { MACHINE_SCRIPT } from "./script.ts";

/** Observes a host with `observe: only`. Uses only the privileges of the login, and installs nothing on the host. */
export async function observedMachine(fleet: Fleet, host: string): Promise<Machine> {
  const target = reachableTarget(fleet, host);
  const { answer } = await scan(target, MACHINE_SCRIPT, { as: "login", allowFirstContact: false });
  return parseMachine(host, answer);
}

/**
 * Parses the output of MACHINE_SCRIPT. The result lists no failed units, because the script does not query systemd.
 *
 * @throws MusterError if the output has another format
 */
export function parseMachine(host: string, answer: string): Machine {
  const [first = "", ...rest] = answer.split("|");
  const [cores, load, uptime, size, free] = first.trim().split(" ").map(Number);
  if ([cores, load, uptime, size, free].some((one) => one === undefined || !Number.isFinite(one))) {
    throw new MusterError({
      where: host,
      what: "its answer cannot be read",
      why: "the host's tools print an unknown format.",
    });
  }
  return {
    uptime: Math.floor(uptime ?? 0),
    cores: cores ?? 1,
    load: load ?? 0,
    memory: { size: (size ?? 0) * 1024, used: percent((size ?? 0) - (free ?? 0), size ?? 0) },
    disks: rest.flatMap(diskOf),
    failed: [],
  };
}

function diskOf(text: string): Disk[] {
  const [, size, used, path] = /^(\d+) (\d+) (\/.*)$/.exec(text.trim()) ?? [];
  return path === undefined ? [] : [{ path, size: Number(size) * 1024, used: Number(used) }];
}

function percent(part: number, whole: number): number {
  return whole === 0 ? 0 : Math.round((100 * part) / whole);
}
