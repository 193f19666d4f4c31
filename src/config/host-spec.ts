import type { Healthy } from "../model/machine.ts";
import type { EntrySpec } from "./fleet/entry.ts";
import type { RawHost } from "./yaml-types.ts";

/** The kinds of hosts that the schema of fleet.yaml knows; host-kinds/registry.ts has an entry for each. */
export type HostKindName = RawHost["kind"];

/** `intermittent`: a machine that comes and goes; being unreachable is no fault of it. */
export type Availability = "always" | "intermittent";

/** What fleet.yaml says of a host of any kind. */
export interface HostBase extends EntrySpec {
  readonly kind: HostKindName;
  readonly name: string;
  /** Seconds until a connection counts as failed. */
  readonly connectTimeout: number;
  readonly availability: Availability;
  /** The limits of `fleet hosts`, where they differ from HEALTHY. */
  readonly healthy?: Partial<Healthy>;
  /** Nothing is installed or changed on it, and no agent lives there. */
  readonly observe?: "only";
}

/** A host that is reached by SSH with a login of its own. */
export interface RemoteHostSpec extends HostBase {
  readonly port?: number;
  /** The login; root, or one that may `sudo -n`. Left out, ssh_config decides. */
  readonly user?: string;
  /** A private key file, absolute. */
  readonly identityFile?: string;
  /** Public host keys that are trusted without a first contact, such as `ssh-ed25519 AAAA…`. */
  readonly hostKeys: readonly string[];
}
