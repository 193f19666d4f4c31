import { join } from "node:path";
import type { HostSpecs } from "../../config/fleet.ts";
import { loadHosts } from "../../config/load-hosts.ts";
import { HOST_KIND_NAMES, hostKindOf } from "../../host-kinds/registry.ts";
import type { HostTarget } from "../../inventory/inventory-host.ts";
import { loginOf } from "../../inventory/login.ts";
import { readInventory } from "../../inventory/read-inventory.ts";
import { targetOf } from "../../inventory/resolve-target.ts";
import { pinHost, renameHost } from "../../inventory/write-inventory.ts";
import type { StackSettings } from "../../model/stack-settings.ts";
import { type HostPool, hostPool } from "../../transport/pool.ts";
import { runtimeFiles } from "../../transport/runtime-files.ts";
import type { Target } from "../../transport/target.ts";
import type { Hosts } from "../context.ts";

/** Creates the connections of this run. Reads and contacts nothing before a resource needs its host. */
export function fleetPool(
  project: string,
  declared: DeclaredHosts,
  stack: () => StackSettings,
): Hosts & Pick<HostPool, "close"> {
  const resolve = (host: string): HostTarget =>
    loginOf(project, stack(), targetOf(project, declared(), readInventory(project), host));
  const pool = hostPool({
    resolve,
    runtime: runtimeFiles,
    learn: (host, hostKeys) => {
      const target = resolve(host);
      pinHost(project, target.kind, host, { ...placeOf(target), hostKeys });
    },
  });
  return { ...pool, mover: pool.writer, rename: (from, to) => renameContacted(project, from, to) };
}

/**
 * Renames a host in the inventory. Does nothing if Muster created the host's machine, because the machine's
 * own resource renames such a host.
 */
function renameContacted(project: string, from: string, to: string): void {
  for (const kind of HOST_KIND_NAMES) {
    if (hostKindOf({ kind }).machine === undefined) renameHost(project, kind, from, to);
  }
}

function placeOf({ address, port, user, identityFile }: Target) {
  return {
    address,
    ...(port !== undefined && { port }),
    ...(user !== undefined && { user }),
    ...(identityFile !== undefined && { identityFile }),
  };
}

/** Returns the hosts of fleet.yaml; undefined if the file is missing or invalid. */
export type DeclaredHosts = () => HostSpecs | undefined;

/**
 * Reads fleet.yaml when it is first needed. The file can be missing, because the inventory is enough to remove a fleet.
 */
export function declaredHosts(project: string): DeclaredHosts {
  let declared: { readonly hosts: HostSpecs | undefined } | undefined;
  return () => {
    declared ??= { hosts: loadHosts(join(project, "fleet.yaml")) };
    return declared.hosts;
  };
}
