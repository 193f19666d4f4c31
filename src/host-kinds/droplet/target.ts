import {
  type HostTarget,
  type InventoryFile,
  type InventoryHost,
  pinnedIn,
} from "../../inventory/inventory-host.ts";
import { HostError } from "../../transport/host-error.ts";
import type { DropletHostSpec } from "./spec.ts";

export const DROPLET_INVENTORY: InventoryFile = {
  path: "stacks/inventory.droplets.yaml",
  header: `# The droplets of this fleet, with the address and the host keys of each. Written by \`npx pulumi up\`.
# This file contains no secrets: commit it. A droplet that is listed here is created again only on request.
`,
};

/**
 * Returns the address and the login of a declared droplet. @throws HostError if the inventory does not contain the
 * droplet
 */
export function dropletTarget(spec: DropletHostSpec, known: InventoryHost | undefined): HostTarget {
  if (known !== undefined) return dropletAt(spec, known);
  throw new HostError({
    host: spec.name,
    reason: "never-booted",
    what: "it cannot be reached",
    why: "its droplet has not been created yet, or its entry in stacks/inventory.droplets.yaml was not committed.",
    next: "Run `npx pulumi up`.",
  });
}

/**
 * Returns the connection settings for a droplet at an address. `hostKeys` is empty before the first contact.
 */
export function dropletAt(
  { kind, name, port, user, identityFile, connectTimeout, hostKeys: declared }: DropletHostSpec,
  { address, hostKeys }: Pick<InventoryHost, "address" | "hostKeys">,
): HostTarget {
  const isDeclared = declared.length > 0;
  return {
    ...{ kind, name, address, connectTimeout },
    ...(port !== undefined && { port }),
    ...(user !== undefined && { user }),
    ...(identityFile !== undefined && { identityFile }),
    hostKeys: isDeclared ? declared : hostKeys,
    pinnedIn: isDeclared ? `fleet.yaml (hosts.${name}.hostKeys)` : pinnedIn(DROPLET_INVENTORY, name),
  };
}
