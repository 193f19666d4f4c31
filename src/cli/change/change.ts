import type { OnChange } from "../../model/deadman.ts";
import type { Finding, Place } from "../../model/finding.ts";
import type { Scalar } from "../../model/items.ts";

/** One property that the change would alter. An item that is added or removed has the property `present`. */
export interface PropertyChange extends Pick<Finding, "item" | "part"> {
  readonly property: string;
  readonly before: Scalar;
  readonly after: Scalar;
  /** The changed lines of a text, `-` before and `+` after; never lines of a secret. */
  readonly lines?: readonly string[];
}

/** What the change would do to one resource. */
export interface ResourceChange extends Place {
  readonly action: "create" | "update" | "delete";
  /** Empty unless the action is `update`. */
  readonly properties: readonly PropertyChange[];
  /** Whether its agent is restarted, because something changes that it reads only when it starts. */
  readonly restarts: boolean;
  /** When the agent reads the change; absent if it does not read it. `never`: at its next manual start. */
  readonly restart?: OnChange;
}

/** One setting of the connection to a host that the change would alter. No such connection has been tried. */
export interface HostChange {
  readonly host: string;
  readonly field: string;
  readonly before: string;
  readonly after: string;
}

/** What a change of fleet.yaml would do, computed from the two versions of fleet.yaml only. */
export interface FleetChange {
  readonly resources: readonly ResourceChange[];
  readonly hosts: readonly HostChange[];
}
