import { digestOf } from "../../model/digest.ts";

/** What the program declares at DigitalOcean, and sends to the provider in advance. */
export interface CloudQuestion {
  /** `<project>/<stack>`. */
  readonly owner: string;
  /** The URL of the API, and the token. If the token is empty, the provider reads it from its environment. */
  readonly api: { readonly url: string; readonly token: string };
  readonly droplets: readonly DropletQuestion[];
  /** Public keys by name. */
  readonly keys: Readonly<Record<string, string>>;
  readonly project?: string;
}

/** The declared properties of a droplet by which the provider finds it and computes its price. */
export interface DropletQuestion {
  readonly host: string;
  readonly formerly: readonly string[];
  readonly region: string;
  readonly size: string;
  readonly image: string;
  readonly backups: boolean;
  readonly reservedIp: boolean;
  /** GiB by the name of the volume in fleet.yaml. */
  readonly volumes: Readonly<Record<string, number>>;
  readonly replace?: string;
  /** The ID of the existing droplet that the host adopts. */
  readonly adopt?: string;
  /** Whether an agent on the droplet is protected, so that `replace` is ignored. */
  readonly isHeld: boolean;
}

/** The declared resources that already exist, so that nothing is created twice. */
export interface CloudAnswer {
  /** By host. */
  readonly droplets: Readonly<Record<string, DropletAnswer>>;
  /** The public keys that are already in the account, by their name in fleet.yaml. */
  readonly keys: Readonly<Record<string, Shared>>;
  /** The IDs of Muster's firewalls and volumes, by the name that Muster gives them. */
  readonly named: Readonly<Record<string, string>>;
  readonly project?: Shared;
}

/**
 * A resource that an account can have only once. If somebody else created it, it is used and never changed.
 */
export interface Shared {
  readonly id: string;
  /** Whether this stack created it. */
  readonly isOurs: boolean;
}

export interface DropletAnswer {
  /** The ID of the host's droplet. Left out if a new droplet should be created. */
  readonly id?: string;
  /** Whether this run replaces the droplet, because `replace` in fleet.yaml has a new text. */
  readonly isReplaced: boolean;
  /** The text of `replace` that requested the droplet. */
  readonly replace?: string;
  readonly reservedIp?: string;
  /** Whether the droplet existed before Muster managed it. It then keeps its own name and tags. */
  readonly isAdopted?: true;
  /** Whether its size differs from the declared size. */
  readonly isResized?: true;
}

/** The token of the provider's function that answers a CloudQuestion. */
export const CLOUD_TOKEN = "muster:index:cloud";

/** Returns the tags by which later runs find a droplet: for its stack, its host and the text of `replace`. */
export function tagsOf(owner: string, host: string, replace?: string): string[] {
  const ofHost = `${stackTag(owner)}:${host}`;
  return [stackTag(owner), ofHost, ...(replace === undefined ? [] : [replaceTag(ofHost, replace)])];
}

/** Returns the tag of a stack. Tags allow only letters, digits, `:`, `-` and `_`. Others are escaped. */
export function stackTag(owner: string): string {
  const [project = "", stack = ""] = owner.split("/");
  return `muster:${asTag(project)}:${asTag(stack)}`;
}

/** Returns the tags with which another Muster stack has marked a droplet. */
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

/** Returns the description by which later runs recognize a project that this stack created. */
export function projectDescription(owner: string): string {
  return `Made by Muster for ${owner}.`;
}

/**
 * Returns the name of a resource that Muster creates at DigitalOcean. It is the same in each run, so that a
 * run finds what a killed run has created. It ends with a digest, because long names are cut: the name of a
 * volume may have 64 characters (lower-case letters, digits and `-`).
 */
export function cloudName(owner: string, ...parts: readonly string[]): string {
  const fullName = [owner, ...parts].join("/");
  const plain = `muster-${fullName.toLowerCase().replace(/[^a-z0-9]+/g, "-")}`;
  const digest = digestOf(fullName).slice("sha256:".length).slice(0, 8);
  return `${plain.slice(0, 55).replace(/-+$/, "")}-${digest}`;
}
