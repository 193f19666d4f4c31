import type { HostItem, Observation, Props } from "../../model/items.ts";
import type { RequestContext } from "../request-context.ts";

/** An item, with the properties that its resource's record contains for it. */
export interface ItemState<I extends HostItem = HostItem> {
  readonly item: I;
  /** The properties that were last applied, with secrets hashed; absent if there are none. */
  readonly applied?: Props;
  /** The properties that an unfinished run wanted to apply, with secrets hashed; absent if there are none. */
  readonly intended?: Props;
  /** The value of a secret file; absent for all other items, and if the request does not contain it. */
  readonly secret?: string;
}

/** Called with the new path of an entry that Muster did not write and therefore kept before the change. */
export type OnKept = (path: string) => void;

/** How one kind of item is observed, converged and removed. */
export interface Kind<I extends HostItem = HostItem> {
  /**
   * Observes many items together and changes nothing.
   *
   * @returns the observations, in the order of the items
   */
  readonly observe: (context: RequestContext, targets: readonly ItemState<I>[]) => Observation[];
  /**
   * Changes an item so that it matches its declaration.
   *
   * @param observed the item's current properties; empty if they are unknown
   */
  readonly converge: (context: RequestContext, target: ItemState<I>, observed: Props, onKept: OnKept) => void;
  /**
   * Removes an item, if it exists.
   *
   * @returns the new paths of files and folders that were archived instead of deleted
   */
  readonly remove: (context: RequestContext, target: ItemState<I>) => readonly string[];
  /** Throws if this host cannot have these items. Called before any item of their resource is written. */
  readonly refuse?: (context: RequestContext, targets: readonly ItemState<I>[]) => void;
  /**
   * Like `converge`, but for many items together. Set for kinds for which one call per item takes too long.
   */
  readonly convergeAll?: (context: RequestContext, targets: readonly ItemState<I>[]) => void;
  /** Like `convergeAll`, but continues after an error. @returns for each item, its error or undefined */
  readonly convergeEach?: (context: RequestContext, targets: readonly ItemState<I>[]) => readonly unknown[];
  /** Like `remove`, but for many items together. */
  readonly removeAll?: (context: RequestContext, targets: readonly ItemState<I>[]) => readonly string[];
  /** Renames an item and the data that belongs to the item; does nothing if `from` does not exist. */
  readonly rename?: (context: RequestContext, from: I, to: I) => void;
  /** Set for kinds that are converged after all files are written and systemd has reloaded. */
  readonly afterReload?: true;
  /**
   * Set for kinds with a `converge` that only checks. This `converge` is called at every change of the resource,
   * because the check can depend on items that the change has just created, such as the user.
   */
  readonly isCheck?: true;
}
