import type { InventoryHost } from "../../inventory/inventory-host.ts";

type LocalHosts = ReadonlyMap<string, InventoryHost>;

/** The machine of a local host: it keeps the name that the host had when it was made. */
export function machineOf(local: LocalHosts, host: string): string {
  return local.get(host)?.machine ?? host;
}

/** The host of another name whose machine a host of this name would take. */
export function takenBy(local: LocalHosts, host: string): string | undefined {
  return [...local].find(([name, { machine }]) => name !== host && machine === host)?.[0];
}
