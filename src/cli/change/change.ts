import type { OnChange } from "../../model/deadman.ts";
import type { Finding, Place } from "../../model/finding.ts";
import type { Scalar } from "../../model/items.ts";

/**
 * One property that the change would alter. For an item that is added or removed, the property is `present`.
 */
export interface PropertyChange extends Pick<Finding, "item" | "part"> {
  readonly property: string;
  readonly before: Scalar;
  readonly after: Scalar;
  /** The changed lines, `-` for old and `+` for new ones; present only for a text that is not secret. */
  readonly lines?: readonly string[];
}

/** What the change would do to one resource. */
export interface ResourceChange extends Place {
  readonly action: "create" | "update" | "delete";
  /** Empty unless the action is `update`. */
  readonly properties: readonly PropertyChange[];
  /**
   * Whether the agent is restarted, because the change affects something that it reads only when it starts.
   */
  readonly restarts: boolean;
  /**
   * When the agent restarts to read the change; absent if it reads none of it. `never`: at its next manual
   * start.
   */
  readonly restart?: OnChange;
}

/** One setting that the change would alter in how a host is reached. The new value has not been tested. */
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
