import type { HostBase } from "../../config/host-spec.ts";
import { anywherePath } from "../../config/resolve/context.ts";
import { secondsOf } from "../../config/yaml-values.ts";
import { type InventoryFile, type InventoryHost, knownTarget } from "../../inventory/inventory-host.ts";
import { HostError } from "../../transport/host-error.ts";
import type { HostKind, MachineOfKind } from "../host-kind.ts";

/**
 * A machine that the user's own Pulumi program creates. The program passes the address, the user, the port and
 * the host keys to `Fleet`. fleet.yaml declares everything else.
 */
export interface PulumiHostSpec extends HostBase {
  readonly kind: "pulumi";
  /** The absolute path of a private key. If absent, ssh_config determines the keys. */
  readonly identityFile?: string;
  /** The maximum number of seconds to wait until a new machine answers. */
  readonly bootTimeout: number;
}

/** The default `bootTimeout`, which is the same as for a droplet. */
const BOOT_TIMEOUT = "10m";

export const PULUMI_INVENTORY: InventoryFile = {
  path: "stacks/inventory.pulumi.yaml",
  header: `# The machines of this project's Pulumi program, with the address and the host keys of each. Written by \`pulumi up\`.
# This file contains no secrets: commit it. A host that shows a different key is refused.
`,
};

const machine: MachineOfKind = {
  type: "PulumiHost",
  tokens: ["muster:index:PulumiHost"],
  isAlwaysDrift: false,
};

export const pulumi: HostKind<PulumiHostSpec> = {
  isProtected: false,
  inventory: PULUMI_INVENTORY,
  resolve: (raw, common, _keys, { home }) => ({
    kind: "pulumi",
    bootTimeout: secondsOf(raw.bootTimeout ?? BOOT_TIMEOUT),
    ...(raw.identityFile !== undefined && { identityFile: anywherePath(home, raw.identityFile) }),
    ...common,
  }),
  target: (spec, known) => {
    if (known !== undefined) return knownTarget(spec, withLogin(spec, known), PULUMI_INVENTORY);
    throw new HostError({
      host: spec.name,
      reason: "never-booted",
      what: "it cannot be reached",
      why: `its address is known after the first \`up\`, and ${PULUMI_INVENTORY.path} does not contain it.`,
      next: "Run `pulumi up`, or get the file from the machine on which `pulumi up` was run.",
    });
  },
  machine,
};

/**
 * Replaces the private key in the inventory with the currently declared key, which is a path on the operator's machine.
 */
function withLogin({ identityFile }: PulumiHostSpec, known: InventoryHost): InventoryHost {
  const { identityFile: _, ...rest } = known;
  return { ...rest, ...(identityFile !== undefined && { identityFile }) };
}
