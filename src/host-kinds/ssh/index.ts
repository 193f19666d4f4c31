import type { RemoteHostSpec } from "../../config/host-spec.ts";
import { type InventoryFile, type InventoryHost, pinnedIn } from "../../inventory/inventory-host.ts";
import type { HostKind } from "../host-kind.ts";
import { remoteLogin } from "../remote-login.ts";

/** A host that exists already and is reached by SSH. */
export interface SshHostSpec extends RemoteHostSpec {
  readonly kind: "ssh";
  /** A host name, an address, or an alias of the user's ssh_config. */
  readonly address: string;
}

const inventory: InventoryFile = {
  path: "stacks/inventory.yaml",
  header: `# Where each host was reached and the keys that it showed. Written by \`npx pulumi up\`.
# Nothing in it is secret: commit it. Outside \`npx pulumi up\` a host with another key is refused.
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
  target: (spec, known) => {
    const { kind, name, address, port, user, identityFile, connectTimeout } = spec;
    const isDeclared = spec.hostKeys.length > 0;
    return {
      ...{ kind, name, address, connectTimeout },
      ...(port !== undefined && { port }),
      ...(user !== undefined && { user }),
      ...(identityFile !== undefined && { identityFile }),
      hostKeys: isDeclared ? spec.hostKeys : keysShown(spec, known),
      pinnedIn: isDeclared ? `fleet.yaml (hosts.${name}.hostKeys)` : pinnedIn(inventory, name),
    };
  },
};

/** The keys belong to whoever answered at that address; another address is another first contact. */
function keysShown({ address, port }: SshHostSpec, known: InventoryHost | undefined): readonly string[] {
  return known?.address === address && known.port === port ? known.hostKeys : [];
}
