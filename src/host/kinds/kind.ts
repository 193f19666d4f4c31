import type { HostItem, Observation, Props } from "../../model/items.ts";
import type { Accounts } from "../accounts/accounts.ts";
import type { Host } from "../context.ts";
import type { ContentSource } from "../store/contents.ts";
import type { SecretHasher } from "../store/secret-hasher.ts";

/** One item with what its resource's record says of it. */
export interface ItemState<I extends HostItem = HostItem> {
  readonly item: I;
  /** As recorded, secrets sealed. */
  readonly applied?: Props;
  readonly intended?: Props;
  /** A secret file's value, in a converge request. */
  readonly secret?: string;
}

/** What every kind may look things up in. */
export interface KindContext {
  readonly host: Host;
  /** The users and groups as they are now. */
  readonly accounts: Accounts;
  readonly contents: ContentSource;
  readonly seal: SecretHasher;
}

/** How one kind of item is looked at, made true and taken away. */
export interface Kind<I extends HostItem = HostItem> {
  /** Looks at many at once, changes nothing, and answers in their order; what cannot be told is unknown. */
  readonly observe: (scene: KindContext, subjects: readonly ItemState<I>[]) => Observation[];
  /** Makes an item that differs as it is wanted. @param observed nothing where that is unknown */
  readonly converge: (scene: KindContext, subject: ItemState<I>, observed: Props) => void;
  /** Takes an item away; already gone is a success. @returns where things were moved aside to */
  readonly remove: (scene: KindContext, subject: ItemState<I>) => readonly string[];
  /** Throws where the host cannot have these items; called before anything of their resource is written. */
  readonly refuse?: (scene: KindContext, subjects: readonly ItemState<I>[]) => void;
  /** Like `converge` and `remove`, of many at once, where one after another would take long. */
  readonly convergeAll?: (scene: KindContext, subjects: readonly ItemState<I>[]) => void;
  /** Like `convergeAll`, of which one that fails holds up no other. @returns what went wrong, in their order */
  readonly convergeEach?: (scene: KindContext, subjects: readonly ItemState<I>[]) => readonly unknown[];
  readonly removeAll?: (scene: KindContext, subjects: readonly ItemState<I>[]) => readonly string[];
  /** Gives what an item owns the name of another; what has it already, or is not there, is a success. */
  readonly rename?: (scene: KindContext, from: I, to: I) => void;
  /** Converged after all files stand and systemd has read them. */
  readonly afterReload?: true;
}
