import type { Healthy } from "../model/machine.ts";
import type { EntrySpec } from "./fleet/entry.ts";
import type { RawHost } from "./yaml-types.ts";

/** A kind of host in the schema of fleet.yaml. host-kinds/registry.ts has an entry for each kind. */
export type HostKindName = RawHost["kind"];

/** `intermittent`: the machine is not always on, so it is not an error if it is unreachable. */
export type Availability = "always" | "intermittent";

/** The fields that hosts of all kinds have in common. */
export interface HostBase extends EntrySpec {
  readonly kind: HostKindName;
  readonly name: string;
  /** Seconds until a connection counts as failed. */
  readonly connectTimeout: number;
  readonly availability: Availability;
  /** The limits of `fleet hosts` that differ from HEALTHY; absent if none do. */
  readonly healthy?: Partial<Healthy>;
  /** `only`: nothing is installed or changed on the host, and no agent can be declared on it. */
  readonly observe?: "only";
}

/** A host that Muster reaches by SSH with its own login. */
export interface RemoteHostSpec extends HostBase {
  readonly port?: number;
  /** The login: root, or a user that can run `sudo -n`. If absent, ssh_config determines the user. */
  readonly user?: string;
  /** The absolute path of a private key. If absent, ssh_config determines the keys. */
  readonly identityFile?: string;
  /** Public host keys that are trusted without a first contact, such as `ssh-ed25519 AAAA…`. */
  readonly hostKeys: readonly string[];
}
