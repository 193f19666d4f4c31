import type { OnChange } from "../../model/deadman.ts";
import type { Finding, Place } from "../../model/drift-finding.ts";
import type { Scalar } from "../../model/items.ts";

/**
 * One property that a change in fleet.yaml alters. If the change adds or removes the item, the property is `present`.
 */
export interface PropertyChange extends Pick<Finding, "item" | "part"> {
  readonly property: string;
  readonly before: Scalar;
  readonly after: Scalar;
  /** The changed lines: `-` marks an old line, `+` a new line. Present only for a text that is not secret. */
  readonly lines?: readonly string[];
}

/** The effect of a change in fleet.yaml on one resource. */
export interface ResourceChange extends Place {
  readonly action: "create" | "update" | "delete";
  /** The changed properties; empty unless the action is `update`. */
  readonly properties: readonly PropertyChange[];
  /** Whether the agent restarts to read the change. */
  readonly restarts: boolean;
  /**
   * When the agent restarts to read the change. Absent if the change affects no file that the agent reads when it
   * starts. `never`: the agent reads the change after its next manual start.
   */
  readonly restart?: OnChange;
}

/** One connection setting of a host that a change in fleet.yaml alters. The new value is not tested. */
export interface HostChange {
  readonly host: string;
  readonly field: string;
  readonly before: string;
  readonly after: string;
}

/** The effects of a change in fleet.yaml. They are computed only from the two versions of fleet.yaml. */
export interface FleetChange {
  readonly resources: readonly ResourceChange[];
  readonly hosts: readonly HostChange[];
}
