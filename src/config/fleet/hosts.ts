import type { Healthy } from "../../model/machine.ts";
import type { DropletSpec } from "../droplet-spec.ts";
import type { EntrySpec } from "./entry.ts";

export type HostSpec = LocalHostSpec | SshHostSpec | DropletHostSpec;

export type HostSpecs = Readonly<Record<string, HostSpec>>;

/** What hosts of all kinds have in common. */
export interface Machinery extends EntrySpec {
  /** The limits that `fleet hosts` applies instead of those of HEALTHY. */
  readonly healthy?: Partial<Healthy>;
}

/** A Debian that Muster itself boots on this machine with systemd-nspawn. */
export interface LocalHostSpec extends Machinery {
  readonly kind: "local";
  readonly name: string;
  /** Seconds until a connection counts as failed. */
  readonly connectTimeout: number;
  readonly availability: Availability;
}

/** An existing host that is reached by SSH. */
export interface SshHostSpec extends Machinery {
  readonly kind: "ssh";
  readonly name: string;
  /** A host name, an address, or an alias of the user's ssh_config. */
  readonly address: string;
  readonly port?: number;
  /** The login: root, or a user that can run `sudo -n`. Absent: ssh_config decides. */
  readonly user?: string;
  /** A private key file, absolute. */
  readonly identityFile?: string;
  /** Public host keys that are trusted from the first connection, such as `ssh-ed25519 AAAA…`. */
  readonly hostKeys: readonly string[];
  readonly connectTimeout: number;
  readonly availability: Availability;
  /** Nothing is installed or changed on it, and no agent runs there. */
  readonly observe?: "only";
}

/** A host that Muster creates at DigitalOcean; its address is known after that. */
export interface DropletHostSpec extends Omit<SshHostSpec, "kind" | "address"> {
  readonly kind: "droplet";
  readonly droplet: DropletSpec;
}

/** `intermittent`: the host is sometimes unreachable, which is not a failure. */
export type Availability = "always" | "intermittent";
