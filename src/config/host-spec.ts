import type { HandoffRoute } from "../model/handoff-peers.ts";
import type { Healthy } from "../model/machine-health.ts";
import type { EntrySpec } from "./fleet/common-entry-fields.ts";
import type { RawHost } from "./fleet-yaml-types.ts";

/** The name of a host kind in the schema of fleet.yaml. host-kinds/registry.ts has an entry for each kind. */
export type HostKindName = RawHost["kind"];

/** `intermittent`: the machine is not always on, so an unreachable machine is not an error. */
export type Availability = "always" | "intermittent";

/** The fields that hosts of all kinds have in common. */
export interface HostBase extends EntrySpec {
  readonly kind: HostKindName;
  readonly name: string;
  /** The number of seconds after which an attempt to connect counts as failed. */
  readonly connectTimeout: number;
  readonly availability: Availability;
  /** The limits for `fleet hosts` that differ from the defaults in HEALTHY; absent if all limits are the defaults. */
  readonly healthy?: Partial<Healthy>;
  /** How other hosts reach this host to hand tasks off; absent if the defaults apply. */
  readonly handoff?: HandoffRoute;
  /** `only`: Muster installs and changes nothing on the host, and no agent can be declared for it. */
  readonly observe?: "only";
}

/** A host that Muster reaches by SSH and for which fleet.yaml can declare a login. */
export interface RemoteHostSpec extends HostBase {
  readonly port?: number;
  /**
   * The user that logs in: root, or a user that can run `sudo -n`. If absent, ssh_config determines the user.
   */
  readonly user?: string;
  /** The absolute path of a private key. If absent, ssh_config determines the keys. */
  readonly identityFile?: string;
  /**
   * The public host keys that fleet.yaml declares, such as `ssh-ed25519 AAAA…`. Muster trusts these keys without a
   * first contact.
   */
  readonly hostKeys: readonly string[];
}
