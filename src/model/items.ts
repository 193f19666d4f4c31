import type { OnChange } from "./deadman.ts";
import type { Limit, Limits } from "./limits.ts";

/**
 * The one vocabulary that every part of Muster shares: a resource is a set of named host items,
 * each an address on the host plus the flat properties that are wanted there.
 */

export type Scalar = string | number | boolean;

/** Flat properties by name. What `observe` answers and what a declaration wants have this one shape. */
export type Props = Readonly<Record<string, Scalar>>;

/** `sha256:<64 hex>` of the bytes; the bytes themselves travel beside the item, see Contents. */
export type Digest = `sha256:${string}`;

/** `secret:<64 hex>`: SHA-256 over `<salt>\0<bytes>`; never the value. The salt is the item's address. */
export type SecretDigest = `secret:${string}`;

/** What `content` says of a secret on the host that is not the declared one. */
export const DIFFERENT = "different";

/** Bytes by digest, as UTF-8 text; sent along only where the host needs them. */
export type Contents = Readonly<Record<Digest, string>>;

/** A regular file. `actor` names the user in whose tree it lies: only that user's rights are used on it. */
export interface FileItem {
  readonly kind: "file";
  readonly path: string;
  readonly actor?: string;
  /** The unit that reads this file when it starts. */
  readonly notify?: string;
  /** When that is started again after the content changed; left out: now. `within` seconds, if not idle before. */
  readonly restart?: OnChange;
  readonly within?: number;
  /** The provider, none of an agent's first, on which alone that unit reads this file. */
  readonly choice?: string;
  /** Where the value of a secret file comes from: `config:NAME`, `env:NAME` or `file:PATH`. */
  readonly secret?: string;
  /** Why another agent may hold the same secret. */
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

/** The content of a secret whose value the reader does not hold: it is compared with what was applied. */
export const AS_DECLARED = "as declared";

export interface DirectoryItem {
  readonly kind: "directory";
  readonly path: string;
  readonly actor?: string;
  /**
   * On removal: `aside` keeps it, root-owned, beside the reconciler's tree; `wipe` deletes it with all that it holds;
   * otherwise it is deleted when empty.
   */
  readonly onRemove?: "aside" | "delete" | "keep" | "wipe";
  /** The unit that sees this very folder as long as it runs, and is started again when another takes its place. */
  readonly notify?: string;
  readonly want: {
    readonly type: "directory";
    readonly owner: string;
    readonly group: string;
    readonly mode: string;
  };
}

export interface GroupItem {
  readonly kind: "group";
  readonly name: string;
  readonly onRemove?: "keep";
  readonly want: { readonly present: true };
}

export interface UserItem {
  readonly kind: "user";
  readonly name: string;
  /** An account of ours for logins by key, with a number below those of people. */
  readonly system?: true;
  /** It stays when its resource is removed: what it owns would be the next new user's. */
  readonly onRemove?: "keep";
  readonly want: {
    readonly present: true;
    readonly group: string;
    readonly home: string;
    readonly shell: string;
  };
}

export interface PackageItem {
  readonly kind: "package";
  readonly name: string;
  readonly want: { readonly present: true };
}

/** That a unit finds the program that it is to start. The program is nobody's own, and looked up with its user's rights. */
export interface ProgramItem {
  readonly kind: "program";
  readonly unit: string;
  /** A name, or a path: absolute or from `workdir`. */
  readonly name: string;
  /** The folders that a name is looked up in, as PATH has them. */
  readonly search: string;
  readonly workdir: string;
  readonly actor: string;
  readonly want: { readonly found: true };
}

/** A systemd unit's state; its text is a FileItem with `notify` set to this unit. */
export interface UnitItem {
  readonly kind: "unit";
  readonly name: string;
  /** A unit that is not ours, and is to be down for good, or to run on: it is changed only where it runs as this user. */
  readonly user?: string;
  /** What was there before us goes on as it is when its resource is removed. */
  readonly onRemove?: "keep";
  readonly want: {
    /** UnitFileState: enabled, disabled, masked, … Left out, of one that is not ours: whichever it is. */
    readonly enabled?: "enabled" | "disabled" | "static";
    /** `running` while active or on the way there (activating, auto-restart are health); else `stopped`. Left out: either. */
    readonly active?: "running" | "stopped";
    /** `none`, or the drop-in files that change the unit, joined by a space. Left out: they are nobody's business. */
    readonly overrides?: "none";
  };
}

/** A systemd timer, and the service that it starts; the texts of both are FileItems. */
export interface TimerItem {
  readonly kind: "timer";
  readonly name: string;
  readonly service: string;
  /** When it starts it, as calendar events of systemd.time(7), with `; ` between them. */
  readonly schedule: string;
  /** The user that the service runs as and that nobody here makes. */
  readonly user?: string;
  readonly want: {
    readonly enabled: "enabled";
    /** `running` while it waits for its time. Whether the service runs just now is no matter of declaration. */
    readonly active: "running";
    /** As of a unit, of the timer and of the service. */
    readonly overrides: "none";
  };
}

/**
 * Which model of which provider a unit has its program run, as systemd has read it. What is wanted is the first choice;
 * while one of the `others` is in force, that is as good.
 */
export interface ModelItem {
  readonly kind: "model";
  readonly unit: string;
  /** The option of the program's command line before the model; left out: MUSTER_MODEL tells. */
  readonly option?: string;
  /** JSON: what is as good, by the name of the provider that is in force. */
  readonly others?: string;
  readonly want: {
    readonly provider?: string;
    readonly model?: string;
  };
}

/** Declared rows of one SQLite table in an agent's tree; rows with other keys are the agent's own. */
export interface RowsItem {
  readonly kind: "rows";
  readonly path: string;
  readonly actor: string;
  readonly table: string;
  /** On removal: what its agent wrote there goes with it, and is not kept aside. */
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

/** What a unit may use at most, as the kernel has it. Only what is wanted is looked at. */
export interface LimitsItem {
  readonly kind: "limits";
  /** A service or a slice. */
  readonly name: string;
  readonly want: {
    readonly [L in Limit]?: NonNullable<Limits[L]>;
  } & {
    /** As of a unit, where there is no item for that. */
    readonly overrides?: "none";
  };
}

/** Whether the kernel of this host holds units to limits at all; only what is wanted is looked at. */
export interface ControllersItem {
  readonly kind: "controllers";
  /** `held`, or why not: `missing`, `read-only`. */
  readonly want: { readonly [L in Limit]?: "held" };
}

/** The host runtime itself: the installed bundle and Node, both by version. */
export interface RuntimeItem {
  readonly kind: "runtime";
  readonly want: { readonly bundle: string; readonly node: string };
}

export type HostItem =
  | FileItem
  | DirectoryItem
  | GroupItem
  | UserItem
  | PackageItem
  | ProgramItem
  | UnitItem
  | TimerItem
  | ModelItem
  | RowsItem
  | RuntimeItem
  | LimitsItem
  | ControllersItem;

export type ItemKind = HostItem["kind"];

/** A resource's items by the name a person reads: "SOUL.md", "home", "unit file". */
export type Items = Readonly<Record<string, HostItem>>;

/**
 * What a host says of one item: its properties; or that it could not be told. Absent things have
 * `{type: "absent"}` or `{present: false}`. Unknown is never absent.
 */
export type Observation =
  | { readonly props: Props; readonly detail?: readonly Detail[] }
  | { readonly unknown: string };

/** A difference inside one property, such as one cell of `rows` or one line of `content`. */
export interface Detail {
  readonly property: string;
  readonly declared: string;
  readonly observed: string;
  /** The changed lines of a text, `-` before what is declared and `+` before what was observed; the first of many. */
  readonly lines?: readonly string[];
}

export type Observations = Readonly<Record<string, Observation>>;
