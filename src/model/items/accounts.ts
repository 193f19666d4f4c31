import type { OnChange } from "../deadman.ts";

export interface GroupItem {
  readonly kind: "group";
  readonly name: string;
  readonly onRemove?: "keep";
  readonly want: { readonly present: true };
}

/**
 * A Linux user. `notify`, `restart` and `within` have the same meaning as for a FileItem, because a unit gets the
 * groups of its user when it starts.
 */
export interface UserItem {
  readonly kind: "user";
  readonly name: string;
  /** Whether the user is a system account. The uid of a system account is lower than the uids of people. */
  readonly system?: true;
  /**
   * If present, the user is kept when its resource is removed. Otherwise, a new user could get the same uid and own the
   * removed user's files.
   */
  readonly onRemove?: "keep";
  /**
   * If present, an existing item keeps the properties that control access to the item: owner, group, mode, and a user's
   * primary group, home and shell. Present until an adopted agent is taken over.
   */
  readonly asFound?: true;
  readonly notify?: string;
  readonly restart?: OnChange;
  readonly within?: number;
  readonly want: {
    readonly present: true;
    readonly group: string;
    readonly home: string;
    readonly shell: string;
    /** The supplementary groups, sorted and separated by spaces, or `none`. If absent, the groups are not checked. */
    readonly groups?: string;
  };
}

/**
 * An observed property of a user that is never declared: the user's data outside its home, such as its crontab. A move
 * to another host does not copy this data.
 */
export const OUTSIDE_HOME = "outside";

/**
 * An observed property of a user that is never declared: the files, such as sudoers, that name the user. Muster does not
 * change these files.
 */
export const NAMED_IN = "namedIn";

/**
 * The rights of a user that do not come from its groups. Muster compares these rights, but never adds or removes a
 * right.
 */
export interface RightsItem {
  readonly kind: "rights";
  readonly user: string;
  readonly home: string;
  /** Each list is a text that `rightsText` returns. */
  readonly want: {
    /** The lines of sudoers that apply to the user. */
    readonly sudo: string;
    /** The fingerprints of the keys that can log in as the user. */
    readonly keys: string;
    /** Whether systemd runs the user's own units while the user is not logged in. */
    readonly linger: boolean;
    /** The files with setuid, setgid or capabilities that the user owns or has in its home. */
    readonly files: string;
  };
}

/** Returns a list of groups or rights as a text for comparisons: one entry per line, sorted. */
export function rightsText(list: readonly string[], separator = "\n"): string {
  return [...new Set(list)].sort().join(separator) || "none";
}
