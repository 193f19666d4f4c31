import type { Contents, Items } from "../model/items.ts";
import type { MoveAnswers, MoveRequest } from "../model/move.ts";
import type {
  ConvergeAnswer,
  ConvergeRequest,
  ObserveAnswer,
  Observed,
  ObserveRequest,
  RemoveAnswer,
  RemoveRequest,
  ResourceItems,
} from "../model/protocol.ts";
import type { StackSettings } from "../model/stack-slice.ts";
import type { WireItem } from "../model/wire-items.ts";
import type { EngineState } from "./engine-state.ts";
import type { PendingMoves } from "./pending-moves.ts";

/** The hosts, as the provider uses them: a reader cannot change anything. */
export interface Hosts {
  reader(host: string): Promise<{ observe(request: ObserveRequest): Promise<ObserveAnswer> }>;
  /** Updates the host's runtime first; the first contact stores the host's key. */
  writer(host: string): Promise<{ converge(request: ConvergeRequest): Promise<ConvergeAnswer> }>;
  /** Like `writer`, for agents that leave the host or come to it. */
  mover(host: string): Promise<AgentMover>;
  remover(host: string): Promise<{
    remove(request: RemoveRequest): Promise<RemoveAnswer>;
    /** Removes the host runtime itself. */
    uninstall(): Promise<void>;
  }>;
  /** Forgets that a host was unreachable, because it has changed. */
  reset(host: string): void;
  /** Keeps what was known of a host under its former name, under its current name. */
  rename(from: string, to: string): void;
}

/** Moves an agent between hosts: all of it changes a host. */
export type AgentMover = {
  readonly [Op in keyof MoveAnswers]: (request: Extract<MoveRequest, { op: Op }>) => Promise<MoveAnswers[Op]>;
};

/** What is known about a host without asking it. */
export interface HostFacts {
  isDeclared(host: string): boolean;
  /** Whether fleet.yaml declares it intermittent. */
  isIntermittent(host: string): boolean;
  lastReached(host: string): Date | undefined;
  /** Must be called when it was reached. */
  noteReached(host: string): void;
}

/** The observation of a whole host, asked once for all the resources that are read. */
export interface ObservationCache {
  /** Everything in the owner's records on the host; after a failure it fails the same way again. */
  at(host: string, owner: string): Promise<ObserveAnswer>;
  /**
   * Observes one resource with other items than its record has; requests within a moment are sent together.
   *
   * @param contents the rows that the items name, as far as they are available
   */
  again(
    host: string,
    owner: string,
    resource: ResourceItems,
    contents: Contents,
  ): Promise<Observed | undefined>;
  /** After a change the next read observes again. */
  forget(host: string): void;
}

/** Secret values, read from their references. */
export interface Secrets {
  /** The text that is written to an item's file. @throws InvalidError where there is no value */
  rendered(item: WireItem): string;
  /** The reference of another holder of the same value, where no reason for that is declared. */
  twin(item: WireItem): string | undefined;
}

/** The texts that the program left for the provider, by digest. */
export interface ContentStore {
  /** Those that the items name and that exist. */
  held(items: Items): Contents;
  /** All that the items name. @throws MusterError where one is missing */
  needed(items: Items): Contents;
}

/** What the handlers of all types work with. */
export interface ProviderContext {
  readonly seen: EngineState;
  /** The agents that this run must move. */
  readonly moves: PendingMoves;
  /** Observes before a first contact, when nobody expects an answer yet: no failure is reported. */
  readonly firstLooks: ObservationCache;
  /** Whether this run removes everything that the engine asks about. */
  readonly isDestroy: boolean;
  readonly env: NodeJS.ProcessEnv;
  /** The stack's own settings, from its configuration. @throws InvalidError */
  readonly stack: () => StackSettings;
  readonly hosts: Hosts;
  /** Whether the host is unreachable and declared intermittent, so that its changes wait. */
  readonly isWaitedFor: (host: string) => boolean;
  readonly looks: ObservationCache;
  readonly secrets: Secrets;
  readonly contents: ContentStore;
  /** Whether this project made the machine of a host, which is removed with all that is on it. */
  readonly hasMachine: (host: string) => boolean;
}
