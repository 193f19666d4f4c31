import { digestOf } from "../../model/digest.ts";

/** What the program asks of the cloud before it declares anything there. */
export interface CloudQuestion {
  /** `<project>/<stack>`. */
  readonly owner: string;
  /** Where the API is, and what lets us in; an empty token is in the environment of who asks. */
  readonly api: { readonly url: string; readonly token: string };
  readonly droplets: readonly DropletQuestion[];
  /** Public keys by name. */
  readonly keys: Readonly<Record<string, string>>;
  readonly project?: string;
}

/** A droplet as it is declared, as far as it is told from others and paid for. */
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
  /** The number of the droplet that it was before Muster had it. */
  readonly adopt?: string;
  /** An agent on it is protected, so that it stays whatever `replace` says. */
  readonly isHeld: boolean;
}

/** What is there already of what is declared, so that nothing is made twice. */
export interface CloudAnswer {
  /** By host. */
  readonly droplets: Readonly<Record<string, DropletAnswer>>;
  /** By name: keys that are in the account. */
  readonly keys: Readonly<Record<string, Shared>>;
  /** Our own by the names that Muster gives them: firewalls, volumes. */
  readonly named: Readonly<Record<string, string>>;
  readonly project?: Shared;
}

/** Something that an account has once, whoever made it: another's is used, and left to them. */
export interface Shared {
  readonly id: string;
  /** This stack made it. */
  readonly isOurs: boolean;
}

export interface DropletAnswer {
  /** The number of the droplet that the host is; left out where a new one is to be made. */
  readonly id?: string;
  /** That droplet is to be replaced: fleet.yaml asks for it, and it was not done yet. */
  readonly isReplaced: boolean;
  /** By which `replace` the droplet is made, or was. */
  readonly replace?: string;
  readonly reservedIp?: string;
  /** It was there before Muster, and has its own name and tags. */
  readonly isAdopted?: true;
  /** It has another size than the declared one. */
  readonly isResized?: true;
}

/** The function of the provider that answers. */
export const CLOUD_TOKEN = "muster:index:cloud";

/** The tags of a droplet by which it is known again: of its stack, its host, and the `replace` that it was made by. */
export function tagsOf(owner: string, host: string, replace?: string): string[] {
  const ofHost = `${stackTag(owner)}:${host}`;
  return [stackTag(owner), ofHost, ...(replace === undefined ? [] : [replaceTag(ofHost, replace)])];
}

/** A tag is of letters, digits, `:`, `-` and `_`; of other characters the code stands in it. */
export function stackTag(owner: string): string {
  const [project = "", stack = ""] = owner.split("/");
  return `muster:${asTag(project)}:${asTag(stack)}`;
}

/** The tags of a droplet by which a stack of Muster's other than this one has it. */
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

/** By its description a project is known as a stack's own. */
export function projectDescription(owner: string): string {
  return `Made by Muster for ${owner}.`;
}

/**
 * The name of something of ours in the cloud, the same in every run: what a killed run made is found by it. Of
 * a long one the end is a digest, since a volume's may have 64 characters (lower-case letters, digits and `-`).
 */
export function cloudName(owner: string, ...parts: readonly string[]): string {
  const whole = [owner, ...parts].join("/");
  const plain = `muster-${whole.toLowerCase().replace(/[^a-z0-9]+/g, "-")}`;
  const digest = digestOf(whole).slice("sha256:".length).slice(0, 8);
  return `${plain.slice(0, 55).replace(/-+$/, "")}-${digest}`;
}
