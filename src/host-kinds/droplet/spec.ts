import type { RemoteHostSpec } from "../../config/host-spec.ts";
import type { OpenPort } from "../../config/open-port.ts";

/** A host that Muster creates at DigitalOcean. Its address is known once the droplet exists. */
export interface DropletHostSpec extends RemoteHostSpec {
  readonly kind: "droplet";
  readonly droplet: DropletSpec;
}

/** The settings that all droplets of a fleet share. */
export interface CloudSpec {
  /**
   * The public keys, by name, that may log in to each new droplet as root. Empty if no droplet is created.
   */
  readonly keys: Readonly<Record<string, string>>;
  /** The addresses and networks that may connect by SSH. */
  readonly sshFrom: readonly string[];
  /** The name of the DigitalOcean project that contains the fleet's resources. */
  readonly project?: string;
}

/** The declared settings of one droplet. */
export interface DropletSpec {
  /** A slug, such as `nyc3`. */
  readonly region: string;
  /** A slug, such as `s-1vcpu-2gb`. */
  readonly size: string;
  /** A slug, such as `debian-12-x64`, or the ID of a snapshot. */
  readonly image: string;
  readonly backups: boolean;
  readonly monitoring: boolean;
  readonly ipv6: boolean;
  /** The UUID of an existing VPC. If it is left out, the default VPC of the region is used. */
  readonly vpc?: string;
  readonly tags: readonly string[];
  /** Whether the droplet is reached at a reserved IP, which is kept when the droplet is replaced. */
  readonly reservedIp: boolean;
  readonly volumes: Readonly<Record<string, VolumeSpec>>;
  /** Overrides `cloud.sshFrom` for this droplet. */
  readonly sshFrom?: readonly string[];
  /** The ports that its firewall opens besides SSH. */
  readonly open: readonly OpenPort[];
  /** Steps that run once on the droplet, in this order, before Muster installs anything. */
  readonly setup: readonly SetupStep[];
  /** Seconds that a new droplet may take until it accepts a login. */
  readonly bootTimeout: number;
  /** The reason for its last replacement. A new text requests a new droplet. */
  readonly replace?: string;
  /** The droplet that existed before Muster managed it. */
  readonly adopt?: AdoptSpec;
}

/** An existing droplet that is adopted as it is. */
export interface AdoptSpec {
  /** The droplet's ID. */
  readonly droplet: string;
  /** The UUID of the firewall that covers only this droplet. */
  readonly firewall?: string;
  /** Its public host keys, such as `ssh-ed25519 AAAA…`. They are valid only for this droplet. */
  readonly hostKeys: readonly string[];
}

export interface VolumeSpec {
  /** GiB. */
  readonly size: number;
  readonly filesystem: "ext4" | "xfs";
}

export interface SetupStep {
  readonly name: string;
  /** A shell script that runs on the host as root. */
  readonly run: string;
  /** A shell script. If it succeeds, the step is skipped. */
  readonly unless?: string;
  /** The step runs again when one of these changes. */
  readonly triggers: readonly string[];
  /** Seconds. */
  readonly timeout: number;
}
