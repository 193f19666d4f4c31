import type { KnownPeer } from "../model/handoff-peers.ts";
import type { Archive, Integrity, Pinned } from "../model/installation.ts";
import type { Contents, Items } from "../model/items.ts";
import type { MoveAnswers, MoveRequest } from "../model/move.ts";
import type {
  CommitAnswer,
  CommitRequest,
  ConvergeAnswer,
  ConvergeRequest,
  InstallAnswer,
  InstallRequest,
  ObserveAnswer,
  Observed,
  ObserveRequest,
  RemoveAnswer,
  RemoveRequest,
  ResourceItems,
  SupplyAnswer,
  SupplyRequest,
} from "../model/protocol.ts";
import type { WireItem } from "../model/pulumi-items.ts";
import type { StackSettings } from "../model/stack-settings.ts";
import type { PendingMoves } from "./pending-moves.ts";
import type { RecurringResources } from "./recurring-resources.ts";
import type { EngineState } from "./resources-in-state.ts";

/** Connections to the hosts. There is a type for each kind of access; for example, a reader cannot change anything. */
export interface Hosts {
  reader(host: string): Promise<{ observe(request: ObserveRequest): Promise<ObserveAnswer> }>;
  /**
   * Opens a connection that updates the host runtime before the first request. At the first contact, stores the host's
   * key.
   */
  writer(host: string): Promise<HostChanger>;
  /** Like `writer`, but for agents that move from or to the host. */
  mover(host: string): Promise<AgentMover>;
  remover(host: string): Promise<{
    remove(request: RemoveRequest): Promise<RemoveAnswer>;
    /** Removes the host runtime itself. */
    uninstall(): Promise<void>;
  }>;
  /** Forgets that a host was unreachable, for example after it was booted. */
  reset(host: string): void;
  /** Moves the data about a host from its former name to its current name. */
  rename(from: string, to: string): void;
}

/** A connection that can change a host's resources and install versions of runtimes on the host. */
export interface HostChanger {
  converge(request: ConvergeRequest): Promise<ConvergeAnswer>;
  install(request: InstallRequest): Promise<InstallAnswer>;
  supply(request: SupplyRequest): Promise<SupplyAnswer>;
  commit(request: CommitRequest): Promise<CommitAnswer>;
}

/** The steps of a move of an agent between hosts. Each step changes a host. */
export type AgentMover = {
  readonly [Op in keyof MoveAnswers]: (request: Extract<MoveRequest, { op: Op }>) => Promise<MoveAnswers[Op]>;
};

/** The facts about a host that are known without contacting it. */
export interface HostFacts {
  isDeclared(host: string): boolean;
  /** Whether fleet.yaml declares that the host is intermittent. */
  isIntermittent(host: string): boolean;
  lastReached(host: string): Date | undefined;
  /** Returns the address and the pinned keys of a host; undefined if the host was never reached. */
  peer(host: string): KnownPeer | undefined;
  /** Records that the host has just been reached. */
  noteReached(host: string): void;
}

/** Caches the observation of each host, so that all reads of its resources share one observation. */
export interface ObservationCache {
  /** Returns the observation of all resources in the owner's records on the host. A failure is also cached. */
  at(host: string, owner: string): Promise<ObserveAnswer>;
  /**
   * Observes one resource separately, because its items differ from its record. Calls in quick succession are sent as
   * one request.
   *
   * @param contents the rows to which the items refer, as far as these rows are available
   */
  again(
    host: string,
    owner: string,
    resource: ResourceItems,
    contents: Contents,
  ): Promise<Observed | undefined>;
  /** Drops the observation of a host that has been changed, so that the next read observes the host again. */
  forget(host: string): void;
}

/** Reads secret values from their references. */
export interface Secrets {
  /** Returns the text that is written to an item's file. @throws InvalidError if the secret has no value */
  rendered(item: WireItem): string;
  /**
   * Refuses a value that another agent has too, unless a reason is declared. Also refuses a login that is on two hosts.
   *
   * @throws InvalidError
   */
  refuseShared(item: WireItem, host: string): void;
}

/** Gives access to the texts that the program has written for the provider, by digest. */
export interface ContentStore {
  /** Returns the existing contents to which the items refer. */
  held(items: Items): Contents;
  /** Returns all contents to which the items refer. @throws MusterError if a content is missing */
  needed(items: Items): Contents;
}

/** Gives access to the archives of pinned runtimes. */
export interface ArchiveSource {
  /** Returns the verified file of each archive on this machine. @param addresses the addresses in fleet.yaml */
  files(
    pinned: Pinned,
    archives: readonly Archive[],
    addresses: readonly string[],
  ): Promise<ReadonlyMap<Integrity, string>>;
  /** Returns the addresses from which hosts can fetch archives, by integrity. */
  urls(
    pinned: Pinned,
    archives: readonly Archive[],
    addresses: readonly string[],
  ): Promise<Readonly<Record<string, string>>>;
}

/** Gives access to the repositories on this machine. */
export interface CommitSource {
  /**
   * Writes the objects of a commit to a temporary file.
   *
   * @param from the folder of the repository, as fleet.yaml declares it
   * @throws MusterError if the repository does not have the commit
   */
  pack(from: string, revision: string): { readonly file: string; readonly integrity: string; remove(): void };
}

/** The objects that all handlers and functions of the provider share. */
export interface ProviderContext {
  readonly engineState: EngineState;
  /** The agents that this run must move. */
  readonly moves: PendingMoves;
  readonly recurring: RecurringResources;
  /** The name of this run in the ledgers on hosts. */
  readonly run: string;
  /** Like `observations`, but without reports of failures. Used for hosts that might never have been contacted. */
  readonly silentObservations: ObservationCache;
  /** Whether this run removes all resources that the engine sends. */
  readonly isDestroy: boolean;
  readonly env: NodeJS.ProcessEnv;
  /** The stack's own settings, from its configuration. @throws InvalidError */
  readonly stack: () => StackSettings;
  readonly hosts: Hosts;
  /** Whether changes on the host are deferred, because the host is unreachable and declared intermittent. */
  readonly isDeferred: (host: string) => boolean;
  readonly observations: ObservationCache;
  readonly secrets: Secrets;
  readonly contents: ContentStore;
  readonly archives: ArchiveSource;
  readonly commits: CommitSource;
  /** Whether this project created a host's machine. Such a machine is deleted together with everything on it. */
  readonly hasMachine: (host: string) => boolean;
}
