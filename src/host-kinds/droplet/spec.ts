import type { RemoteHostSpec } from "../../config/host-spec.ts";
import type { OpenPort } from "../../config/open-port.ts";

/** A host that is made at DigitalOcean; its address is known once the droplet exists. */
export interface DropletHostSpec extends RemoteHostSpec {
  readonly kind: "droplet";
  readonly droplet: DropletSpec;
}

/** What all droplets of a fleet have in common. */
export interface CloudSpec {
  /** The public keys, by name, that may log in to every droplet as root from its first boot on. Empty where no droplet is made. */
  readonly keys: Readonly<Record<string, string>>;
  /** The addresses and networks that SSH is open to. */
  readonly sshFrom: readonly string[];
  /** The project of DigitalOcean that the fleet's resources belong to. */
  readonly project?: string;
}

/** One droplet as it should be at DigitalOcean. */
export interface DropletSpec {
  /** A slug, such as `nyc3`. */
  readonly region: string;
  /** A slug, such as `s-1vcpu-2gb`. */
  readonly size: string;
  /** A slug, such as `debian-12-x64`, or the number of a snapshot. */
  readonly image: string;
  readonly backups: boolean;
  readonly monitoring: boolean;
  readonly ipv6: boolean;
  /** The UUID of an existing VPC; the region's default where this is left out. */
  readonly vpc?: string;
  readonly tags: readonly string[];
  /** Whether it has an address that outlives it, in place of its own. */
  readonly reservedIp: boolean;
  readonly volumes: Readonly<Record<string, VolumeSpec>>;
  /** What SSH is open to, where that differs from `cloud.sshFrom`. */
  readonly sshFrom?: readonly string[];
  /** What its firewall lets in besides SSH. */
  readonly open: readonly OpenPort[];
  /** Steps that run on it once, in this order, before anything else. */
  readonly setup: readonly SetupStep[];
  /** Seconds until a new droplet that does not answer counts as failed. */
  readonly bootTimeout: number;
  /** The reason for its last replacement; a text that the droplet was not made by asks for a new droplet. */
  readonly replace?: string;
  /** The droplet that existed before Muster managed it. */
  readonly adopt?: AdoptSpec;
}

/** What exists at DigitalOcean already, and is adopted as it is. */
export interface AdoptSpec {
  /** The droplet's number. */
  readonly droplet: string;
  /** The UUID of the firewall that covers only this droplet. */
  readonly firewall?: string;
  /** Its public host keys, such as `ssh-ed25519 AAAA…`: another droplet has others. */
  readonly hostKeys: readonly string[];
}

export interface VolumeSpec {
  /** GiB. */
  readonly size: number;
  readonly filesystem: "ext4" | "xfs";
}

export interface SetupStep {
  readonly name: string;
  /** Shell text that root runs on the host. */
  readonly run: string;
  /** Shell text; the step is skipped where it succeeds. */
  readonly unless?: string;
  /** The step runs again when one of these changes. */
  readonly triggers: readonly string[];
  /** Seconds. */
  readonly timeout: number;
}
