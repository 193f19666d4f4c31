import type { OnChange } from "../../model/deadman.ts";
import type { Finding, Place } from "../../model/finding.ts";
import type { Scalar } from "../../model/items.ts";

/** One property that the change would set otherwise. A thing that comes or goes is `present`. */
export interface PropertyChange extends Pick<Finding, "item" | "part"> {
  readonly property: string;
  readonly before: Scalar;
  readonly after: Scalar;
  /** The changed lines of a text, `-` before and `+` after; never of a secret. */
  readonly lines?: readonly string[];
}

/** What the change would do to one resource. */
export interface ResourceChange extends Place {
  readonly action: "create" | "update" | "delete";
  /** Of an update alone. */
  readonly properties: readonly PropertyChange[];
  /** Whether its agent is started again: something changes that it reads when it starts. */
  readonly restarts: boolean;
  /** When; there where it is. `never`: with its next start by hand. */
  readonly restart?: OnChange;
}

/** What the change would alter in how a host is reached; nothing of it was tried. */
export interface HostChange {
  readonly host: string;
  readonly field: string;
  readonly before: string;
  readonly after: string;
}

/** What a change of fleet.yaml would do, as far as fleet.yaml alone tells. */
export interface FleetChange {
  readonly resources: readonly ResourceChange[];
  readonly hosts: readonly HostChange[];
}
