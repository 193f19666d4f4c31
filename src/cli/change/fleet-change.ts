import type { OnChange } from "../../model/deadman.ts";
import type { Finding, Place } from "../../model/drift-finding.ts";
import type { Scalar } from "../../model/items.ts";

/**
 * One property that a change in fleet.yaml would alter. If the change adds or removes the item, the property is
 * `present`.
 */
export interface PropertyChange extends Pick<Finding, "item" | "part"> {
  readonly property: string;
  readonly before: Scalar;
  readonly after: Scalar;
  /** The changed lines: `-` marks an old line, `+` a new line. Present only for a text that is not secret. */
  readonly lines?: readonly string[];
}

/** What a change in fleet.yaml would do to one resource. */
export interface ResourceChange extends Place {
  readonly action: "create" | "update" | "delete";
  /** Empty unless the action is `update`. */
  readonly properties: readonly PropertyChange[];
  /** Whether the agent restarts to read the change. */
  readonly restarts: boolean;
  /**
   * When the agent restarts to read the change. Absent if the change affects no file that the agent reads when it
   * starts. `never`: the agent reads the change after its next manual start.
   */
  readonly restart?: OnChange;
}

/** One connection setting of a host that a change in fleet.yaml would alter. The new value is not tested. */
export interface HostChange {
  readonly host: string;
  readonly field: string;
  readonly before: string;
  readonly after: string;
}

/** What a change in fleet.yaml would do. Computed only from the two versions of fleet.yaml. */
export interface FleetChange {
  readonly resources: readonly ResourceChange[];
  readonly hosts: readonly HostChange[];
}
