import { digestOf } from "../../model/digest.ts";

/**
 * What the program will declare at DigitalOcean. The provider answers which of the resources already exist.
 */
export interface CloudQuestion {
  /** `<project>/<stack>`. */
  readonly owner: string;
  /** The URL of the API, and the token. If the token is empty, the provider reads it from its environment. */
  readonly api: { readonly url: string; readonly token: string };
  readonly droplets: readonly DropletQuestion[];
  /** Public keys, by their name in fleet.yaml. */
  readonly keys: Readonly<Record<string, string>>;
  /** The name of the DigitalOcean project. Left out if fleet.yaml declares none. */
  readonly project?: string;
}

/** The declared settings from which the provider finds a droplet and computes its price. */
export interface DropletQuestion {
  readonly host: string;
  readonly formerly: readonly string[];
  readonly region: string;
  readonly size: string;
  readonly image: string;
  readonly backups: boolean;
  readonly reservedIp: boolean;
  /** The size of each volume in GiB, by the volume's name in fleet.yaml. */
  readonly volumes: Readonly<Record<string, number>>;
  /** The text of `replace` in fleet.yaml, if there is one. */
  readonly replace?: string;
  /** The ID of the existing droplet that the host adopts. Left out if the host adopts none. */
  readonly adopt?: string;
  /** Whether `replace` is ignored because an agent on the droplet is protected. */
  readonly isHeld: boolean;
}

/** The declared resources that already exist, so that nothing is created twice. */
export interface CloudAnswer {
  /** The droplets, by host. */
  readonly droplets: Readonly<Record<string, DropletAnswer>>;
  /** The public keys that are already in the account, by their name in fleet.yaml. */
  readonly keys: Readonly<Record<string, Shared>>;
  /** The IDs of Muster's firewalls and volumes, by their name at DigitalOcean. */
  readonly named: Readonly<Record<string, string>>;
  /** The declared project. Left out if it does not exist yet or none is declared. */
  readonly project?: Shared;
}

/**
 * A resource that an account can contain only once. If this stack did not create the resource, the stack uses
 * it but never changes it.
 */
export interface Shared {
  readonly id: string;
  /** Whether this stack created it. */
  readonly isOurs: boolean;
}

/** Which droplet a host has now, and what this run does to the droplet. */
export interface DropletAnswer {
  /** The ID of the host's droplet. Left out if a new droplet should be created. */
  readonly id?: string;
  /** Whether this run replaces the droplet, because `replace` in fleet.yaml has a new text. */
  readonly isReplaced: boolean;
  /** The text of `replace` that requested the droplet. Left out if there is none. */
  readonly replace?: string;
  /** The droplet's reserved IP. Left out if the droplet has none or none is declared. */
  readonly reservedIp?: string;
  /** Whether the droplet existed before Muster managed it. An adopted droplet keeps its name and tags. */
  readonly isAdopted?: true;
  /** Whether the droplet's size differs from the declared size. */
  readonly isResized?: true;
}

/** The token of the provider's function that answers a CloudQuestion. */
export const CLOUD_TOKEN = "muster:index:cloud";

/** Returns the tags by which later runs find a droplet. They encode its stack, its host and `replace`. */
export function tagsOf(owner: string, host: string, replace?: string): string[] {
  const ofHost = `${stackTag(owner)}:${host}`;
  return [stackTag(owner), ofHost, ...(replace === undefined ? [] : [replaceTag(ofHost, replace)])];
}

/** Returns the tag of a stack. Characters other than letters, digits and `-` in its names are escaped. */
export function stackTag(owner: string): string {
  const [project = "", stack = ""] = owner.split("/");
  return `muster:${asTag(project)}:${asTag(stack)}`;
}

/**
 * Returns the tags on a droplet that come from other Muster stacks.
 *
 * @param owner this stack, if there is one
 */
export function foreignTags(owner: string | undefined, tags: readonly string[]): string[] {
  const own = owner === undefined ? undefined : stackTag(owner);
  return tags.filter((tag) => tag.startsWith("muster:") && tag !== own && !tag.startsWith(`${own}:`));
}

function replaceTag(ofHost: string, replace: string): string {
  return `${ofHost}:${digestOf(replace).slice("sha256:".length).slice(0, 8)}`;
}

function asTag(text: string): string {
  return text.replace(/[^A-Za-z0-9-]/g, (char) => `_${char.codePointAt(0)?.toString(16)}_`);
}

/** Returns the description of a DigitalOcean project, by which later runs see that this stack created it. */
export function projectDescription(owner: string): string {
  return `Made by Muster for ${owner}.`;
}

/**
 * Returns the name of a resource that Muster creates at DigitalOcean. The name is the same in each run, so
 * that a run finds resources that a killed run created. It is cut to 64 characters (lower-case letters,
 * digits and `-`), the most that a volume's name may have, and ends with a digest to stay unique.
 */
export function cloudName(owner: string, ...parts: readonly string[]): string {
  const fullName = [owner, ...parts].join("/");
  const plain = `muster-${fullName.toLowerCase().replace(/[^a-z0-9]+/g, "-")}`;
  const digest = digestOf(fullName).slice("sha256:".length).slice(0, 8);
  return `${plain.slice(0, 55).replace(/-+$/, "")}-${digest}`;
}
