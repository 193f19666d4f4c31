import type { HostItem, Observation, Props } from "../../model/items.ts";
import type { Accounts } from "../accounts.ts";
import type { Host } from "../context.ts";
import type { Source } from "../store/contents.ts";
import type { Seal } from "../store/seal.ts";

/** One item with what its resource's record says of it. */
export interface Subject<I extends HostItem = HostItem> {
  readonly item: I;
  /** As recorded, secrets sealed. */
  readonly applied?: Props;
  readonly intended?: Props;
  /** A secret file's value, in a converge request. */
  readonly secret?: string;
}

/** What every kind may look things up in. */
export interface Scene {
  readonly host: Host;
  /** The users and groups as they are now. */
  readonly accounts: Accounts;
  readonly contents: Source;
  readonly seal: Seal;
}

/** How one kind of item is looked at, made true and taken away. */
export interface Kind<I extends HostItem = HostItem> {
  /** Looks at many at once, changes nothing, and answers in their order; what cannot be told is unknown. */
  readonly observe: (scene: Scene, subjects: readonly Subject<I>[]) => Observation[];
  /** Makes an item that differs as it is wanted. @param observed nothing where that is unknown */
  readonly converge: (scene: Scene, subject: Subject<I>, observed: Props) => void;
  /** Takes an item away; already gone is a success. @returns where things were moved aside to */
  readonly remove: (scene: Scene, subject: Subject<I>) => readonly string[];
  /** Throws where the host cannot have these items; called before anything of their resource is written. */
  readonly refuse?: (scene: Scene, subjects: readonly Subject<I>[]) => void;
  /** Like `converge` and `remove`, of many at once, where one after another would take long. */
  readonly convergeAll?: (scene: Scene, subjects: readonly Subject<I>[]) => void;
  /** Like `convergeAll`, of which one that fails holds up no other. @returns what went wrong, in their order */
  readonly convergeEach?: (scene: Scene, subjects: readonly Subject<I>[]) => readonly unknown[];
  readonly removeAll?: (scene: Scene, subjects: readonly Subject<I>[]) => readonly string[];
  /** Gives what an item owns the name of another; what has it already, or is not there, is a success. */
  readonly rename?: (scene: Scene, from: I, to: I) => void;
  /** Converged after all files stand and systemd has read them. */
  readonly afterReload?: true;
}
