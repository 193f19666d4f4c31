import type { OnChange } from "../deadman.ts";
import type { AS_DECLARED, Digest, SecretDigest } from "./values.ts";

/** A regular file. `actor` is the user in whose tree it is: only the rights of that user are used. */
export interface FileItem {
  readonly kind: "file";
  readonly path: string;
  readonly actor?: string;
  /** The unit that reads this file when it starts. */
  readonly notify?: string;
  /** When that unit is restarted after a change of the content; absent: now. After `within` seconds it is restarted even if it is not idle. */
  readonly restart?: OnChange;
  readonly within?: number;
  /** The provider, never the first of an agent, for which the unit reads this file; it does not read it on other providers. */
  readonly choice?: string;
  /** Where the value of a secret file comes from: `config:NAME`, `env:NAME` or `file:PATH`. */
  readonly secret?: string;
  /** Why another agent can hold the same secret. */
  readonly sharedBecause?: string;
  /** How a secret's value is written: as it is, or as `NAME="value"` for systemd's EnvironmentFile=. */
  readonly envName?: string;
  readonly want: {
    readonly type: "file";
    /** A secret's digest is filled in by the provider's check; a declaration has `as declared` there. */
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
   * On removal: `aside` keeps it, root-owned, beside the reconciler's tree; `wipe` deletes it with all that it holds;
   * otherwise it is deleted when empty.
   */
  readonly onRemove?: "aside" | "delete" | "keep" | "wipe";
  /** The unit that keeps this folder open while it runs. It is restarted when the folder is replaced. */
  readonly notify?: string;
  readonly want: {
    readonly type: "directory";
    readonly owner: string;
    readonly group: string;
    readonly mode: string;
  };
}

/** Declared rows of one SQLite table in an agent's tree; rows with other keys are the agent's own. */
export interface RowsItem {
  readonly kind: "rows";
  readonly path: string;
  readonly actor: string;
  readonly table: string;
  /** On removal: rows that the agent wrote are deleted too, and not archived. */
  readonly onRemove?: "wipe";
  readonly want: {
    readonly type: "file";
    /** Digest of the rows' canonical JSON: `{"<key>": {"<column>": "<text>"}}`, keys sorted. */
    readonly rows: Digest;
    readonly owner: string;
    readonly group: string;
    readonly mode: string;
  };
}
