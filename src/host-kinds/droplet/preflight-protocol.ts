import { digestOf } from "../../model/digest.ts";

/**
 * The resources that the program will declare at DigitalOcean. The provider's response says which of these resources
 * already exist.
 */
export interface CloudQuestion {
  /** The stack, as `<project>/<stack>`. */
  readonly owner: string;
  /** The URL of the API, and the token. If the token is empty, the provider reads a token from its environment. */
  readonly api: { readonly url: string; readonly token: string };
  readonly droplets: readonly DropletQuestion[];
  /** Public keys, by their name in fleet.yaml. */
  readonly keys: Readonly<Record<string, string>>;
  /** The name of the DigitalOcean project. Absent if fleet.yaml declares no project. */
  readonly project?: string;
}

/** The declared settings that the provider needs to find a droplet and to compute its price. */
export interface DropletQuestion {
  readonly host: string;
  readonly formerly: readonly string[];
  readonly region: string;
  readonly size: string;
  readonly image: string;
  readonly backups: boolean;
  readonly monitoring: boolean;
  readonly ipv6: boolean;
  /** The UUID of the VPC. Absent if the droplet is in the region's default VPC. */
  readonly vpc?: string;
  readonly reservedIp: boolean;
  /** The volumes, by their name in fleet.yaml. */
  readonly volumes: Readonly<Record<string, VolumeQuestion>>;
  readonly isProtected: boolean;
  /** The text of `replace` in fleet.yaml, if there is one. */
  readonly replace?: string;
  /** The ID of the existing droplet that the host adopts. Absent if the host adopts no droplet. */
  readonly adopt?: string;
  /** Whether `replace` is ignored because an agent on the droplet is protected. */
  readonly isHeld: boolean;
}

export interface VolumeQuestion {
  /** The size in GiB. */
  readonly size: number;
  readonly filesystem: string;
}

/** The declared resources that already exist and must not be created again. */
export interface CloudAnswer {
  /** The droplets, by host. */
  readonly droplets: Readonly<Record<string, DropletAnswer>>;
  /** The public keys that are already in the account, by their name in fleet.yaml. */
  readonly keys: Readonly<Record<string, Shared>>;
  /** The IDs of Muster's firewalls, by their name at DigitalOcean. */
  readonly named: Readonly<Record<string, string>>;
  /** The existing volumes, by `<host>/<name of the volume in fleet.yaml>`. */
  readonly volumes: Readonly<Record<string, VolumeAnswer>>;
  /** The declared project. Absent if the project does not exist yet, or if fleet.yaml declares no project. */
  readonly project?: Shared;
}

/**
 * A resource that an account can contain only once. If another stack or a person created the resource, this stack uses
 * the resource but never changes it.
 */
export interface Shared {
  readonly id: string;
  /** Whether this stack created the resource. */
  readonly isOurs: boolean;
}

/** The current droplet of a host, and what this run does to the droplet. */
export interface DropletAnswer {
  /** The ID of the host's droplet. Absent if a new droplet should be created. */
  readonly id?: string;
  /** Whether this run replaces the droplet, because `replace` in fleet.yaml has a new text. */
  readonly isReplaced: boolean;
  /** The text of `replace` that requested the droplet. Absent if no `replace` requested the droplet. */
  readonly replace?: string;
  /** The reserved IP of the droplet. Absent if the droplet has no reserved IP, or if fleet.yaml declares none. */
  readonly reservedIp?: string;
  /** Whether the droplet existed before Muster managed it. An adopted droplet keeps its name and tags. */
  readonly isAdopted?: true;
  /** Whether the droplet's size differs from the declared size. */
  readonly isResized?: true;
  /** The settings that the existing droplet keeps, by the vendor's names. Absent if there are none. */
  readonly kept?: readonly string[];
  /** The region of the existing droplet, if it differs from the declared region. */
  readonly region?: string;
  /** Whether the reserved IP is assigned to this droplet, but the state does not record the assignment yet. */
  readonly isAssigned?: true;
  /**
   * Whether fleet.yaml no longer declares the reserved IP, but this run cannot remove it because the state protects it.
   */
  readonly keepsReservedIp?: true;
}

/** An existing volume, and its actual settings. */
export interface VolumeAnswer extends VolumeQuestion {
  readonly id: string;
  /** The settings that the existing volume keeps, by the vendor's names. */
  readonly kept: readonly string[];
  /** Whether fleet.yaml no longer declares the volume, but this run cannot remove it because the state protects it. */
  readonly isUndeclared: boolean;
}

/** The name (`token`) of the provider function that receives a CloudQuestion. */
export const CLOUD_TOKEN = "muster:index:cloud";

/**
 * Returns the tags by which later runs find a droplet. The tags encode the stack, the host, and the text of `replace`.
 */
export function tagsOf(owner: string, host: string, replace?: string): string[] {
  const ofHost = `${stackTag(owner)}:${host}`;
  return [stackTag(owner), ofHost, ...(replace === undefined ? [] : [replaceTag(ofHost, replace)])];
}

/**
 * Returns the tag of a stack. In the names of the project and the stack, all characters except letters,
 * digits and `-` are escaped.
 */
export function stackTag(owner: string): string {
  const [project = "", stack = ""] = owner.split("/");
  return `muster:${asTag(project)}:${asTag(stack)}`;
}

/**
 * Returns the tags on a droplet that belong to other Muster stacks.
 *
 * @param owner `<project>/<stack>` of this stack; undefined if there is no stack
 */
export function foreignTags(owner: string | undefined, tags: readonly string[]): string[] {
  const own = owner === undefined ? undefined : stackTag(owner).toLowerCase();
  return tags.filter((tag) => {
    const lower = tag.toLowerCase();
    return lower.startsWith("muster:") && lower !== own && !lower.startsWith(`${own}:`);
  });
}

/**
 * Whether an object has a tag. Ignores upper and lower case, because DigitalOcean shows every tag in the spelling of
 * its first use.
 */
export function hasTag(tags: readonly string[], tag: string): boolean {
  return tags.some((one) => one.toLowerCase() === tag.toLowerCase());
}

function replaceTag(ofHost: string, replace: string): string {
  return `${ofHost}:${digestOf(replace).slice("sha256:".length).slice(0, 8)}`;
}

function asTag(text: string): string {
  return text.replace(/[^A-Za-z0-9-]/g, (char) => `_${char.codePointAt(0)?.toString(16)}_`);
}

/**
 * Returns the description of a DigitalOcean project. From this description, later runs know that the stack created the
 * project.
 */
export function projectDescription(owner: string): string {
  return `Made by Muster for ${owner}.`;
}

/**
 * Returns the name of a resource that Muster creates at DigitalOcean. The name is the same in each run, so a run also
 * finds resources that a killed run created. The name consists of lower-case letters, digits and `-`. The name is cut
 * to 64 characters, the maximum for a volume. It ends with a digest that makes the name unique.
 */
export function cloudName(owner: string, ...parts: readonly string[]): string {
  const fullName = [owner, ...parts].join("/");
  const plain = `muster-${fullName.toLowerCase().replace(/[^a-z0-9]+/g, "-")}`;
  const digest = digestOf(fullName).slice("sha256:".length).slice(0, 8);
  return `${plain.slice(0, 55).replace(/-+$/, "")}-${digest}`;
}
