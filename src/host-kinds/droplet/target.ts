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
  header: `# The droplets that were made, where each was reached, and the keys that it showed. Written by \`npx pulumi up\`.
# Nothing in it is secret: commit it. A droplet that stands here is never made a second time unless it is asked for.
`,
};

/** Finds how a declared droplet is reached. @throws HostError where it was not made yet */
export function dropletTarget(spec: DropletHostSpec, known: InventoryHost | undefined): HostTarget {
  if (known !== undefined) return dropletAt(spec, known);
  throw new HostError({
    host: spec.name,
    reason: "never-booted",
    what: "it cannot be reached",
    why: "its droplet was not made yet, or not by anybody who committed stacks/inventory.droplets.yaml.",
    next: "Run `npx pulumi up`.",
  });
}

/** How a droplet is reached at an address; it has no keys where it was never met there. */
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
