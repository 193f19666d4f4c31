import { isIPv4 } from "node:net";
import type { RemoteHostSpec } from "../../config/host-spec.ts";
import { type InventoryFile, type InventoryHost, pinnedIn } from "../../inventory/inventory-host.ts";
import type { HostKind } from "../host-kind.ts";
import { remoteLogin } from "../remote-login.ts";

/** An existing host that is reached by SSH. */
export interface SshHostSpec extends RemoteHostSpec {
  readonly kind: "ssh";
  /** A host name, an IP address, or an alias from the user's ssh_config. */
  readonly address: string;
}

const inventory: InventoryFile = {
  path: "stacks/inventory.yaml",
  header: `# The address and the host keys of each host. Written by \`npx pulumi up\`.
# This file contains no secrets: commit it. A host that shows a different key is refused.
`,
};

export const ssh: HostKind<SshHostSpec> = {
  isProtected: false,
  inventory,
  resolve: (raw, common, _keys, context) => ({
    ...{ kind: "ssh", address: raw.address ?? "", ...remoteLogin(raw, context) },
    ...(raw.observe !== undefined && { observe: raw.observe }),
    ...common,
  }),
  sharedWith: ({ address }) => {
    const network = networkOf(address);
    return network === undefined ? {} : { network };
  },
  target: (spec, known) => {
    const { kind, name, address, port, user, identityFile, connectTimeout } = spec;
    const isDeclared = spec.hostKeys.length > 0;
    return {
      ...{ kind, name, address, connectTimeout },
      ...(port !== undefined && { port }),
      ...(user !== undefined && { user }),
      ...(identityFile !== undefined && { identityFile }),
      hostKeys: isDeclared ? spec.hostKeys : pinnedKeys(spec, known),
      pinnedIn: isDeclared ? `fleet.yaml (hosts.${name}.hostKeys)` : pinnedIn(inventory, name),
    };
  },
};

/** Returns the /24 network of an IPv4 address; undefined for a name, whose network is not known. */
function networkOf(address: string): string | undefined {
  return isIPv4(address) ? `${address.split(".").slice(0, 3).join(".")}.0/24` : undefined;
}

/** Returns the pinned keys of a host; an empty list if the keys were pinned for another address or port. */
function pinnedKeys({ address, port }: SshHostSpec, known: InventoryHost | undefined): readonly string[] {
  return known?.address === address && known.port === port ? known.hostKeys : [];
}
