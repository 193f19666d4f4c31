import { join } from "node:path";
import { readInventory } from "../inventory/read.ts";
import { resolveTarget } from "../inventory/resolve.ts";
import { pinHost } from "../inventory/write.ts";
import type { Fleet } from "../spec/fleet.ts";
import { loadFleet } from "../spec/load.ts";
import { HostError } from "../transport/host-error.ts";
import { type HostPool, hostPool } from "../transport/pool.ts";
import { runtimeFiles } from "../transport/runtime-files.ts";
import type { Target } from "../transport/target.ts";

/**
 * The connections of this run; nothing is read or contacted before a resource needs its host.
 *
 * @param isStopped tells of a local host whether it is there and does not run: no connection is tried then
 */
export function fleetPool(project: string, isStopped: (host: string) => boolean): HostPool {
  let fleet: Fleet | undefined;
  const resolve = (host: string): Target => {
    fleet ??= fleetIfValid(project);
    const target = resolveTarget(fleet, readInventory(project), host);
    if (target.kind === "local" && isStopped(host)) throw stopped(host);
    return target;
  };
  const pool = hostPool({
    resolve,
    runtime: runtimeFiles,
    learn: (host, hostKeys) => {
      const { address, port, user, identityFile } = resolve(host);
      pinHost(project, "ssh", host, {
        address,
        ...(port !== undefined && { port }),
        ...(user !== undefined && { user }),
        ...(identityFile !== undefined && { identityFile }),
        hostKeys,
      });
    },
  });
  const met = new Set<string>();
  const refuseUnmet = (host: string) => {
    if (!met.has(host) && resolve(host).hostKeys.length === 0) throw neverMet(host);
    met.add(host);
  };
  return {
    ...pool,
    reader: async (host) => {
      refuseUnmet(host);
      return pool.reader(host);
    },
    remover: async (host) => {
      refuseUnmet(host);
      return pool.remover(host);
    },
  };
}

/** The pool learns a host's key on any first contact; here only a change that `up` makes may be the first. */
function neverMet(host: string): HostError {
  return new HostError({
    host,
    reason: "key-unknown",
    what: "it was not contacted",
    why: "no host key is pinned for it, and only `npx pulumi up` may learn one.",
    next: "Run `npx pulumi up`.",
  });
}

function stopped(host: string): HostError {
  return new HostError({
    host,
    reason: "refused",
    what: "it cannot be reached",
    why: "this local host is stopped.",
    next: "Run `npx pulumi up`, which boots it.",
  });
}

/** What the inventory knows is enough to remove a fleet whose file is gone or broken. */
function fleetIfValid(project: string): Fleet | undefined {
  try {
    return loadFleet(join(project, "fleet.yaml"));
  } catch {
    return undefined;
  }
}
