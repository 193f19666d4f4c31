import type { HostItem, Observation, Props } from "../../model/items.ts";
import type { RequestContext } from "../request-context.ts";

/** One item with what its resource's record holds of it. */
export interface ItemState<I extends HostItem = HostItem> {
  readonly item: I;
  /** As recorded, with secrets hashed. */
  readonly applied?: Props;
  readonly intended?: Props;
  /** A secret file's value, in a converge request. */
  readonly secret?: string;
}

/** How one kind of item is observed, converged and removed. */
export interface Kind<I extends HostItem = HostItem> {
  /** Observes many at once and changes nothing. @returns the observations in their order */
  readonly observe: (context: RequestContext, targets: readonly ItemState<I>[]) => Observation[];
  /** Makes an item that differs as declared. @param observed empty if that is unknown */
  readonly converge: (context: RequestContext, target: ItemState<I>, observed: Props) => void;
  /** Removes an item, if it exists. @returns the paths of what was archived */
  readonly remove: (context: RequestContext, target: ItemState<I>) => readonly string[];
  /** Throws if the host cannot have these items; called before anything of their resource is written. */
  readonly refuse?: (context: RequestContext, targets: readonly ItemState<I>[]) => void;
  /** Like `converge`, for many at once, if one after another would take long. */
  readonly convergeAll?: (context: RequestContext, targets: readonly ItemState<I>[]) => void;
  /** Like `convergeAll`, but a failure of one does not stop the others. @returns the errors, in their order */
  readonly convergeEach?: (context: RequestContext, targets: readonly ItemState<I>[]) => readonly unknown[];
  /** Like `remove`, for many at once. */
  readonly removeAll?: (context: RequestContext, targets: readonly ItemState<I>[]) => readonly string[];
  /** Renames what an item owns; does nothing if that is done or does not exist. */
  readonly rename?: (context: RequestContext, from: I, to: I) => void;
  /** Converged after all files are written and systemd has reloaded. */
  readonly afterReload?: true;
}
