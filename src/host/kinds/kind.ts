import type { HostItem, Observation, Props } from "../../model/items.ts";
import type { RequestContext } from "../request-context.ts";

/** One item, with what its resource's record holds for it. */
export interface ItemState<I extends HostItem = HostItem> {
  readonly item: I;
  /** The properties that were last applied, with secrets hashed. */
  readonly applied?: Props;
  readonly intended?: Props;
  /** A secret file's value, in a converge request. */
  readonly secret?: string;
}

/** How one kind of item is observed, converged and removed. */
export interface Kind<I extends HostItem = HostItem> {
  /** Observes many items at once and changes nothing. @returns the observations, in the order of the items */
  readonly observe: (context: RequestContext, targets: readonly ItemState<I>[]) => Observation[];
  /**
   * Changes an item to what is declared.
   *
   * @param observed its current properties; empty if they are unknown
   */
  readonly converge: (context: RequestContext, target: ItemState<I>, observed: Props) => void;
  /** Removes an item, if it exists. @returns the paths of the archived files and folders */
  readonly remove: (context: RequestContext, target: ItemState<I>) => readonly string[];
  /** Throws if the host cannot have these items. Called before anything of their resource is written. */
  readonly refuse?: (context: RequestContext, targets: readonly ItemState<I>[]) => void;
  /** Like `converge`, for many items at once; for kinds where one call per item would take too long. */
  readonly convergeAll?: (context: RequestContext, targets: readonly ItemState<I>[]) => void;
  /** Like `convergeAll`, but one failure does not stop the others. @returns each item's error or undefined */
  readonly convergeEach?: (context: RequestContext, targets: readonly ItemState<I>[]) => readonly unknown[];
  /** Like `remove`, for many items at once. */
  readonly removeAll?: (context: RequestContext, targets: readonly ItemState<I>[]) => readonly string[];
  /** Renames an item and what it owns; does nothing if `from` does not exist or is already renamed. */
  readonly rename?: (context: RequestContext, from: I, to: I) => void;
  /** Set for kinds that are converged after all files are written and systemd has reloaded. */
  readonly afterReload?: true;
}
