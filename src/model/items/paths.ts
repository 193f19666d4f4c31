import type { OnChange } from "../deadman.ts";
import type { AS_DECLARED, Digest, SecretDigest } from "./values.ts";

/**
 * A regular file. If `actor` is present, the file is in that
 * user's folders and is changed with that user's rights.
 */
export interface FileItem {
  readonly kind: "file";
  readonly path: string;
  readonly actor?: string;
  /** The unit that reads this file when it starts; absent if there is none. */
  readonly notify?: string;
  /**
   * When the unit in `notify` is restarted after the content has changed. If absent, the unit is restarted at
   * once. After `within` seconds, the unit is restarted even if it is not idle.
   */
  readonly restart?: OnChange;
  readonly within?: number;
  /**
   * The only provider on which the unit reads this file. Absent if the unit reads the file on the agent's
   * first provider or on more than one.
   */
  readonly choice?: string;
  /** Only for a secret: where the value comes from, as `config:NAME`, `env:NAME` or `file:PATH`. */
  readonly secret?: string;
  /**
   * The declared reason why other agents or services may have the same secret; absent if none is declared.
   */
  readonly sharedBecause?: string;
  /** If present, a secret is written as `NAME="value"` with this name, for systemd's EnvironmentFile=. */
  readonly envName?: string;
  readonly want: {
    readonly type: "file";
    /**
     * For a secret, a declaration has `as declared`, and the provider's check replaces this with the digest.
     */
    readonly content: Digest | SecretDigest | typeof AS_DECLARED;
    readonly owner: string;
    readonly group: string;
    /** Four octal digits, such as "0640". */
    readonly mode: string;
  };
}

export interface DirectoryItem {
  readonly kind: "directory";
  readonly path: string;
  readonly actor?: string;
  /**
   * What happens when the resource is removed: `aside` moves the folder to ASIDE_DIR, `wipe` deletes it with
   * its contents, `keep` leaves it unchanged. With `delete`, or if absent, it is deleted if it is empty.
   */
  readonly onRemove?: "aside" | "delete" | "keep" | "wipe";
  /**
   * The unit that keeps this folder open while it runs. The unit is restarted when the folder is replaced.
   */
  readonly notify?: string;
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
   * If present, rows that the agent wrote are also deleted, and not archived, when the resource is removed.
   */
  readonly onRemove?: "wipe";
  readonly want: {
    readonly type: "file";
    /** The digest of the rows as canonical JSON: `{"<key>": {"<column>": "<text>"}}` with sorted keys. */
    readonly rows: Digest;
    readonly owner: string;
    readonly group: string;
    readonly mode: string;
  };
}
