/** What all droplets of a fleet have in common. */
export interface CloudSpec {
  /** Who may log in to every droplet as root from its first boot on: public keys by name; none where none is to be made. */
  readonly keys: Readonly<Record<string, string>>;
  /** From where SSH is let in: addresses and networks. */
  readonly sshFrom: readonly string[];
  /** The project of DigitalOcean that the fleet's resources stand in. */
  readonly project?: string;
}

/** One droplet as it is to be at DigitalOcean. */
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
  /** The UUID of a VPC that is there; left out: the region's default. */
  readonly vpc?: string;
  readonly tags: readonly string[];
  /** An address that stays when the droplet goes, in place of the droplet's own. */
  readonly reservedIp: boolean;
  readonly volumes: Readonly<Record<string, VolumeSpec>>;
  /** From where SSH is let in, where that is another place than `cloud.sshFrom`. */
  readonly sshFrom?: readonly string[];
  /** What its firewall lets in besides SSH. */
  readonly open: readonly OpenPort[];
  /** What is done on it once, in this order, before anything else. */
  readonly setup: readonly SetupStep[];
  /** Seconds until a new droplet that does not answer counts as failed. */
  readonly bootTimeout: number;
  /** Why it was last replaced: a text that the droplet was not made by asks for a new one. */
  readonly replace?: string;
  /** What the host was before Muster had it. */
  readonly adopt?: AdoptSpec;
}

/** What is there at DigitalOcean already, and is taken up as it is. */
export interface AdoptSpec {
  /** The droplet's number. */
  readonly droplet: string;
  /** The UUID of the firewall that covers it alone. */
  readonly firewall?: string;
  /** Its public host keys, such as `ssh-ed25519 AAAA…`: another droplet in its place has others. */
  readonly hostKeys: readonly string[];
}

export interface VolumeSpec {
  /** GiB. */
  readonly size: number;
  readonly filesystem: "ext4" | "xfs";
}

export interface OpenPort {
  /** One port or a range, such as `443` or `8000-8100`. */
  readonly port: string;
  readonly protocol: "tcp" | "udp";
  readonly from: readonly string[];
}

export interface SetupStep {
  readonly name: string;
  /** Shell text that root runs on the host. */
  readonly run: string;
  /** Shell text; where it succeeds there is nothing to do. */
  readonly unless?: string;
  /** When one of them changes, the step is done again. */
  readonly triggers: readonly string[];
  /** Seconds. */
  readonly timeout: number;
}
