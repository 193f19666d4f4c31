import type { RemoteHostSpec } from "../../config/host-spec.ts";
import type { OpenPort } from "../../config/open-port.ts";

/**
 * A host at DigitalOcean that Muster creates or adopts. Its address is not known before the droplet exists.
 */
export interface DropletHostSpec extends RemoteHostSpec {
  readonly kind: "droplet";
  readonly droplet: DropletSpec;
}

/** The settings that all droplets of a fleet share. */
export interface CloudSpec {
  /** The public keys that can log in to each new droplet as root, by name. Empty if no droplet is created. */
  readonly keys: Readonly<Record<string, string>>;
  /** The addresses and networks that can connect by SSH. */
  readonly sshFrom: readonly string[];
  /** The DigitalOcean project for the resources of the fleet. If absent, the resources are in the default project. */
  readonly project?: string;
}

/** The declared settings of one droplet. */
export interface DropletSpec {
  /** The slug of the region, such as `nyc3`. */
  readonly region: string;
  /** The slug of the size, such as `s-1vcpu-2gb`. */
  readonly size: string;
  /** The slug of an image, such as `debian-12-x64`, or the ID of a snapshot. */
  readonly image: string;
  readonly backups: boolean;
  readonly monitoring: boolean;
  readonly ipv6: boolean;
  /** The UUID of an existing VPC. If absent, the region's default VPC is used. */
  readonly vpc?: string;
  readonly tags: readonly string[];
  /** Whether the droplet is reached at a reserved IP, which is kept when the droplet is replaced. */
  readonly reservedIp: boolean;
  readonly volumes: Readonly<Record<string, VolumeSpec>>;
  /** Replaces `cloud.sshFrom` for this droplet. If absent, `cloud.sshFrom` applies. */
  readonly sshFrom?: readonly string[];
  /** The ports that the droplet's firewall opens in addition to the SSH port. */
  readonly open: readonly OpenPort[];
  /** Steps that run once on the droplet, in this order, before Muster installs anything. */
  readonly setup: readonly SetupStep[];
  /** The maximum number of seconds to wait until a new droplet accepts a login. */
  readonly bootTimeout: number;
  /** The reason for the droplet's last replacement; absent if there is none. A new text requests a new droplet. */
  readonly replace?: string;
  /** The existing droplet to adopt; absent if Muster creates the droplet. */
  readonly adopt?: AdoptSpec;
}

/** An existing droplet that is adopted without changes. */
export interface AdoptSpec {
  /** The droplet's ID. */
  readonly droplet: string;
  /** The UUID of the firewall that is adopted with the droplet; absent if no firewall is adopted. */
  readonly firewall?: string;
  /** The public host keys of the droplet, such as `ssh-ed25519 AAAA…`. These keys are valid only for this droplet. */
  readonly hostKeys: readonly string[];
}

export interface VolumeSpec {
  /** The size in GiB. */
  readonly size: number;
  readonly filesystem: "ext4" | "xfs";
}

export interface SetupStep {
  readonly name: string;
  /** A shell script that runs on the host as root. */
  readonly run: string;
  /** An optional shell script. If it succeeds, the step is skipped. */
  readonly unless?: string;
  /** Arbitrary texts. The step runs again when one of them changes. */
  readonly triggers: readonly string[];
  /** The maximum duration of the step in seconds. */
  readonly timeout: number;
}
