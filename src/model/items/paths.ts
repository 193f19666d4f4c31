import type { OnIdentityChange } from "../conversation.ts";
import type { OnChange } from "../deadman.ts";
import type { AS_DECLARED, Digest, SecretDigest } from "./values.ts";

/**
 * A regular file. If `actor` is present, the file is in a folder of this user, and is changed with this user's
 * privileges.
 */
export interface FileItem {
  readonly kind: "file";
  readonly path: string;
  readonly actor?: string;
  /** The unit that reads this file when the unit starts; absent if no unit reads the file. */
  readonly notify?: string;
  /**
   * When the unit in `notify` is restarted after the content has changed. If absent, the unit is restarted
   * immediately. After `within` seconds, the unit is restarted even if it is not idle.
   */
  readonly restart?: OnChange;
  readonly within?: number;
  /**
   * The only provider with which the unit reads this file. Absent if the unit reads the file with the agent's
   * first provider or with several providers.
   */
  readonly choice?: string;
  /**
   * Present only for the digest of an agent's identity: whether the agent's next start after a change begins a new
   * conversation, or continues the former one.
   */
  readonly conversation?: OnIdentityChange;
  /** The source of a secret's value: `config:NAME`, `env:NAME`, `file:PATH` or `exec:COMMAND`. Present only for a secret. */
  readonly secret?: string;
  /**
   * The declared reason why other agents or services are allowed to have the same secret;
   * absent if no reason is declared.
   */
  readonly sharedBecause?: string;
  /** Whether the secret is an OAuth login, which must not be on two hosts. */
  readonly login?: true;
  /**
   * `once`: the file is written only if it is missing, and Muster never changes it afterwards. `merge`: Muster
   * maintains only the keys of the declared text, and all other keys belong to the agent. `adopt`: the file is a login
   * that the agent's runtime renews. Muster writes it if it is missing, or if the source has a new login. If absent,
   * Muster maintains the whole file.
   */
  readonly write?: "once" | "merge" | "adopt";
  /**
   * If present, a secret is written as `NAME="value"` with this name, in the format
   * of systemd's EnvironmentFile=.
   */
  readonly envName?: string;
  /** See `asFound` of UserItem. */
  readonly asFound?: true;
  readonly want: {
    readonly type: "file";
    /**
     * The digest of the content. For a secret, the declaration contains `as declared`, and the Pulumi provider's check
     * replaces this value with the digest.
     */
    readonly content: Digest | SecretDigest | typeof AS_DECLARED;
    /** The account of the login. Present only with `write: adopt`. */
    readonly account?: typeof AS_DECLARED;
    readonly owner: string;
    readonly group: string;
    /** The mode as four octal digits, such as "0640". */
    readonly mode: string;
  };
}

export interface DirectoryItem {
  readonly kind: "directory";
  readonly path: string;
  readonly actor?: string;
  /**
   * What happens to the folder when the resource is removed. `aside`: it is moved to ASIDE_DIR. `wipe`: it is deleted
   * with its contents. `keep`: it is not changed. `delete`, or if absent: it is deleted only if it is empty.
   */
  readonly onRemove?: "aside" | "delete" | "keep" | "wipe";
  /**
   * The unit that keeps this folder open while it runs. The unit is restarted when the folder is replaced.
   */
  readonly notify?: string;
  /** See `asFound` of UserItem. */
  readonly asFound?: true;
  readonly want: {
    readonly type: "directory";
    readonly owner: string;
    readonly group: string;
    readonly mode: string;
  };
}

/** Declared rows of one SQLite table in an agent's home. Rows with other keys belong to the agent. */
export interface RowsItem {
  readonly kind: "rows";
  readonly path: string;
  readonly actor: string;
  readonly table: string;
  /**
   * If present, the rows that the agent wrote are deleted when the resource is removed. If absent, these rows are
   * archived.
   */
  readonly onRemove?: "wipe";
  /** See `asFound` of UserItem. */
  readonly asFound?: true;
  readonly want: {
    readonly type: "file";
    /** The digest of the rows as canonical JSON: `{"<key>": {"<column>": "<text>"}}` with sorted keys. */
    readonly rows: Digest;
    readonly owner: string;
    readonly group: string;
    readonly mode: string;
  };
}

/**
 * Data of an agent in the home of another account. Until the agent is taken over, this data is copied to the agent's
 * own home. The source is only read.
 */
export interface CopyItem {
  readonly kind: "copy";
  /** The path in the agent's home. */
  readonly to: string;
  readonly from: string;
  readonly actor: string;
  /** The users whose data can be copied, separated by spaces. `from` is read with the privileges of its owner. */
  readonly owners: string;
  /** The agent's own unit. After this unit has taken over, nothing is copied any more. */
  readonly unit: string;
  readonly want: {
    /**
     * The time of the last copy. At the take-over, the data is copied again after the former unit has stopped. If the
     * data was never copied, the observed value is `no`.
     */
    readonly copied: "at adoption" | "at take-over";
  };
}

/**
 * An agent's checkout of a git repository. Every converge resets the tracked files to the declared revision. All other
 * files in the folder belong to the agent.
 */
export interface CheckoutItem {
  readonly kind: "checkout";
  /** The absolute path of the checkout. */
  readonly folder: string;
  readonly actor: string;
  /** The folder of the repository, relative to the folder of fleet.yaml, or the URL of the repository. */
  readonly from: string;
  /** The agent's own files, relative to `folder`, one in each line. A reset never changes these files. */
  readonly keep: string;
  /**
   * The units that use the checkout, one in each line, as `UNIT PATTERN…`. A unit is restarted if a reset has changed a
   * file that matches one of its patterns.
   */
  readonly restarts: string;
  /** The agent's own unit. `restart` and `within` have the same meaning as for a file. */
  readonly notify: string;
  readonly restart?: OnChange;
  readonly within?: number;
  readonly want: {
    readonly type: "checkout";
    /** The commit, as 40 hex digits. */
    readonly revision: string;
    /** The tracked files that differ from the revision. */
    readonly changes: "none";
    /** The remotes in the checkout's configuration, as `NAME URL`, or `none`. */
    readonly remote: string;
  };
}
