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

/** Connections to the hosts, separated by what they can do: a reader cannot change anything. */
export interface Hosts {
  reader(host: string): Promise<{ observe(request: ObserveRequest): Promise<ObserveAnswer> }>;
  /** Updates the host's runtime before the first request. The first contact stores the host's key. */
  writer(host: string): Promise<{ converge(request: ConvergeRequest): Promise<ConvergeAnswer> }>;
  /** Like `writer`, for agents that move from or to the host. */
  mover(host: string): Promise<AgentMover>;
  remover(host: string): Promise<{
    remove(request: RemoveRequest): Promise<RemoveAnswer>;
    /** Removes the host runtime itself. */
    uninstall(): Promise<void>;
  }>;
  /** Forgets that a host was unreachable, for example after it was booted. */
  reset(host: string): void;
  /** Moves what is known about a host from its former name to its current name. */
  rename(from: string, to: string): void;
}

/** The steps of moving an agent between hosts. Each of them changes a host. */
export type AgentMover = {
  readonly [Op in keyof MoveAnswers]: (request: Extract<MoveRequest, { op: Op }>) => Promise<MoveAnswers[Op]>;
};

/** What is known about a host without contacting it. */
export interface HostFacts {
  isDeclared(host: string): boolean;
  /** Whether fleet.yaml declares the host intermittent. */
  isIntermittent(host: string): boolean;
  lastReached(host: string): Date | undefined;
  /** Records that the host has just been reached. */
  noteReached(host: string): void;
}

/** Observes each host once for all resources that are read. */
export interface ObservationCache {
  /** Returns everything in the owner's records on the host. A failure is cached too. */
  at(host: string, owner: string): Promise<ObserveAnswer>;
  /**
   * Observes one resource with items that differ from its record. Calls that follow each other closely are
   * sent as one request.
   *
   * @param contents the available rows that the items refer to
   */
  again(
    host: string,
    owner: string,
    resource: ResourceItems,
    contents: Contents,
  ): Promise<Observed | undefined>;
  /** Drops the observation of a host that has been changed, so that the next read observes it again. */
  forget(host: string): void;
}

/** Secret values, read from their references. */
export interface Secrets {
  /** Returns the text that is written to an item's file. @throws InvalidError if the secret has no value */
  rendered(item: WireItem): string;
  /**
   * Returns the reference of another holder of the same value. Returns undefined if there is none, or if a
   * reason for sharing is declared.
   */
  twin(item: WireItem): string | undefined;
}

/** The texts that the program has written for the provider, by digest. */
export interface ContentStore {
  /** Returns the contents that the items refer to and that exist. */
  held(items: Items): Contents;
  /** Returns all contents that the items refer to. @throws MusterError if one is missing */
  needed(items: Items): Contents;
}

/** What all handlers and functions of the provider share. */
export interface ProviderContext {
  readonly engineState: EngineState;
  /** The agents that this run must move. */
  readonly moves: PendingMoves;
  /**
   * Like `observations`, but without reports of failures, because the hosts may never have been contacted.
   */
  readonly silentObservations: ObservationCache;
  /** Whether this run removes everything that the engine asks about. */
  readonly isDestroy: boolean;
  readonly env: NodeJS.ProcessEnv;
  /** The stack's own settings, from its configuration. @throws InvalidError */
  readonly stack: () => StackSettings;
  readonly hosts: Hosts;
  /** Whether changes on the host are deferred, because it is unreachable and declared intermittent. */
  readonly isDeferred: (host: string) => boolean;
  readonly observations: ObservationCache;
  readonly secrets: Secrets;
  readonly contents: ContentStore;
  /** Whether this project created the machine of a host. Such a machine is deleted with everything on it. */
  readonly hasMachine: (host: string) => boolean;
}
