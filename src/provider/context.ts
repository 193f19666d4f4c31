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

/** The hosts as the provider needs them: a reader has no way to change anything. */
export interface Hosts {
  reader(host: string): Promise<{ observe(request: ObserveRequest): Promise<ObserveAnswer> }>;
  /** Brings the host's runtime up to date; on a first contact the host's key is learnt. */
  writer(host: string): Promise<{ converge(request: ConvergeRequest): Promise<ConvergeAnswer> }>;
  /** As `writer`: agents leave it and come to it. */
  mover(host: string): Promise<AgentMover>;
  remover(host: string): Promise<{
    remove(request: RemoveRequest): Promise<RemoveAnswer>;
    /** Removes the host runtime itself. */
    uninstall(): Promise<void>;
  }>;
  /** Forgets that a host was away, because it has changed. */
  reset(host: string): void;
  /** What was known of a host under a former name is known under that of today. */
  rename(from: string, to: string): void;
}

/** What carries an agent from host to host: all of it changes a host. */
export type AgentMover = {
  readonly [Op in keyof MoveAnswers]: (request: Extract<MoveRequest, { op: Op }>) => Promise<MoveAnswers[Op]>;
};

/** What is known of a host without asking it. */
export interface HostFacts {
  isDeclared(host: string): boolean;
  /** Whether fleet.yaml says that it comes and goes. */
  isIntermittent(host: string): boolean;
  lastReached(host: string): Date | undefined;
  /** To be called when it was reached. */
  noteReached(host: string): void;
}

/** What a whole host looked like, asked once for all the resources that are read. */
export interface ObservationCache {
  /** Everything in the owner's records on the host; it fails again as it failed the first time. */
  at(host: string, owner: string): Promise<ObserveAnswer>;
  /**
   * One resource by other items than its record holds; what is asked at about the same time goes in one request.
   *
   * @param contents the rows that the items name, as far as they are at hand
   */
  again(
    host: string,
    owner: string,
    resource: ResourceItems,
    contents: Contents,
  ): Promise<Observed | undefined>;
  /** After a change the next read looks again. */
  forget(host: string): void;
}

/** Secret values, read where their references lead. */
export interface Secrets {
  /** What is written to an item's file. @throws InvalidError where there is no value */
  rendered(item: WireItem): string;
  /** The reference by which another user holds the same value, where no reason was declared for that. */
  twin(item: WireItem): string | undefined;
}

/** The bytes that the program left for the provider, by digest. */
export interface ContentStore {
  /** Those that the items name and that are there. */
  held(items: Items): Contents;
  /** All that the items name. @throws MusterError where one is missing */
  needed(items: Items): Contents;
}

/** What the handlers of all types work with. */
export interface ProviderContext {
  readonly seen: EngineState;
  /** The agents that this run has to move. */
  readonly moves: PendingMoves;
  /** Looks before a first contact, when nobody expects an answer yet: none of their failures is told. */
  readonly firstLooks: ObservationCache;
  /** Whether this run removes all that the engine asks about. */
  readonly isDestroy: boolean;
  readonly env: NodeJS.ProcessEnv;
  /** What the stack's configuration says of the stack itself. @throws InvalidError */
  readonly stack: () => StackSettings;
  readonly hosts: Hosts;
  /** Whether the host was found to be away, as it may be, so that what is due there waits. */
  readonly isWaitedFor: (host: string) => boolean;
  readonly looks: ObservationCache;
  readonly secrets: Secrets;
  readonly contents: ContentStore;
  /** Whether this project made the machine of a host, which is removed with all that is on it. */
  readonly hasMachine: (host: string) => boolean;
}
