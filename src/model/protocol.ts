import type { DeferredRestart, HistoryEvent, Quarantine, WatchedAgent, WatchedService } from "./deadman.ts";
import type { FailedOver } from "./failover.ts";
import type { HostRecord } from "./host-record.ts";
import type { Contents, Items, Observations } from "./items.ts";
import type { JobStatus } from "./job.ts";
import type { Machine } from "./machine.ts";
import type { MoveAnswers, MoveMark, MoveRequest } from "./move.ts";
import type { PartFailure, WireError } from "./part-failure.ts";
import type { Unmanaged } from "./unmanaged.ts";

/**
 * The version of the protocol between Muster and hosts. Raise it when the meaning of a request or an answer
 * changes.
 */
export const PROTOCOL = 2;

/**
 * The oldest protocol that is still supported. Hosts with this protocol know only the parts of agents; see
 * former-agent.ts.
 */
export const OLDEST_PROTOCOL = 1;

/** Precedes the host's first line, so that output of the login shell is not mistaken for an answer. */
export const MARKER = "muster-host ";

/** The host's first line after MARKER. */
export interface Hello {
  readonly protocol: number;
  readonly bundle: string;
  readonly node: string;
  readonly arch: string;
}

export interface ResourceItems {
  readonly id: string;
  readonly items: Items;
}

/** Asks for the state of items. Changes nothing. */
export interface ObserveRequest {
  readonly op: "observe";
  /** The resources to observe. If absent: everything in the records of `owner`. */
  readonly resources?: readonly ResourceItems[];
  readonly owner?: string;
  /** The contents of declared rows by digest. Contents that the host already has may be left out. */
  readonly contents?: Contents;
  /** Whether to also report what runs as Muster's users although no resource declares it. */
  readonly unmanaged?: true;
}

export interface Observed {
  /** The items that were observed. */
  readonly items: Items;
  readonly observed: Observations;
  readonly record?: HostRecord;
  /**
   * Only with a reader's key: the names of items that were not observed, because no `up` has applied them on
   * this host.
   */
  readonly unapplied?: readonly string[];
}

export interface ObserveAnswer {
  readonly resources: Readonly<Record<string, Observed>>;
  /**
   * The id and owner of every record on the host, so that the caller can find records without a declaration.
   */
  readonly recorded: readonly { readonly id: string; readonly owner: string }[];
  /** Present only if the request asks for it. */
  readonly unmanaged?: readonly Unmanaged[];
  /** The agents that are moving from or to this host; absent if there are none. */
  readonly moves?: readonly MoveMark[];
}

/** Asks for the status of units, as `fleet ps` shows it. */
export interface PsRequest {
  readonly op: "ps";
  readonly units: readonly string[];
}

export interface UnitStatus {
  readonly unit: string;
  readonly state: string;
  readonly sub: string;
  readonly enabled: string;
  readonly pid: number;
  readonly restarts: number;
  /** Seconds since the unit entered its state; 0 if unknown. */
  readonly since: number;
  readonly status: string;
  /** The names of the process in the agent's tmux pane; absent if no process is running. */
  readonly names?: readonly string[];
  /** The deadman's view of the agent; absent if the deadman does not watch it. */
  readonly watched?: WatchedAgent;
  /** The deadman's view of the service; absent if the deadman does not watch it. */
  readonly checked?: WatchedService;
  /** Present while the agent runs with an earlier declaration and a restart is deferred. */
  readonly owed?: DeferredRestart;
  /** Present while the agent should run on a provider other than its first one. */
  readonly failedOver?: FailedOver;
  /** Present while the unit is in quarantine. */
  readonly quarantine?: Quarantine;
}

export interface PsAnswer {
  readonly units: readonly UnitStatus[];
  /**
   * Whether the deadman is active (`watching`) or does not respond (`silent`); absent if it is not installed.
   */
  readonly deadman?: "watching" | "silent";
}

/** Asks for a host's history. */
export interface HistoryRequest {
  readonly op: "history";
  /** The name of an agent or a service. If absent: the history of all of them, and of the host itself. */
  readonly agent?: string;
  /** The maximum number of events; the latest ones are returned. */
  readonly last: number;
}

export interface HistoryAnswer {
  /** Oldest first. */
  readonly events: readonly HistoryEvent[];
}

/** Asks for the status of jobs, each named by its word; see `jobWord`. */
export interface JobsRequest {
  readonly op: "jobs";
  readonly words: readonly string[];
}

export interface JobsAnswer {
  readonly jobs: readonly JobStatus[];
}

/** Asks for the state of the host's machine: disks, memory, load and failed units. */
export interface MachineRequest {
  readonly op: "machine";
}

export const CONTROL_VERBS = ["start", "stop", "release"] as const;

export type ControlVerb = (typeof CONTROL_VERBS)[number];

/** Starts or stops an agent or a service, or releases it from quarantine and starts it. */
export interface ControlRequest {
  readonly op: "control";
  readonly verb: ControlVerb;
  /** The name of the agent or service. */
  readonly agent: string;
  /** Present if `agent` is the name of a service. */
  readonly isService?: true;
  readonly unit: string;
  /** The person who makes the request, for the history. */
  readonly by: string;
}

export interface ControlAnswer {
  /** False if the unit was already in the requested state. */
  readonly changed: boolean;
}

/** Brings a resource into its declared state: observes it, changes what differs, and observes it again. */
export interface ConvergeRequest {
  readonly op: "converge";
  readonly id: string;
  readonly type: string;
  readonly owner: string;
  /**
   * The stack that owned the resource before. This run takes over the existing resource. Absent if nothing is
   * taken over.
   */
  readonly takesOver?: string;
  readonly items: Items;
  readonly contents: Contents;
  /** The values of secret files, by item name. */
  readonly secrets: Readonly<Record<string, string>>;
  /**
   * The ids that this resource had before. A record under one of them is carried over to the new id. Absent
   * if there are none.
   */
  readonly formerly?: readonly string[];
}

export interface ConvergeAnswer {
  readonly observed: Observations;
  /** Everything that was changed, as `item.property`. */
  readonly changed: readonly string[];
  /**
   * Where data of an earlier resource of the same name is kept. Only present when the resource is applied for
   * the first time.
   */
  readonly kept?: readonly string[];
  /**
   * The units that still run with an earlier declaration and are restarted later; absent if there are none.
   */
  readonly waiting?: readonly string[];
  /**
   * The parts of an agent that could not be applied, and why. All of the agent's other parts were applied.
   * Absent if there are none.
   */
  readonly failures?: readonly PartFailure[];
}

/** Removes the items of a resource. An item that does not exist any more counts as removed. */
export interface RemoveRequest {
  readonly op: "remove";
  readonly id: string;
  readonly owner: string;
  readonly items: Items;
}

export interface RemoveAnswer {
  /** The paths that an agent's own data was moved to. Root owns them. */
  readonly aside: readonly string[];
}

export type ReadRequest = ObserveRequest | PsRequest | HistoryRequest | JobsRequest | MachineRequest;
export type WriteRequest = ConvergeRequest | RemoveRequest | ControlRequest | MoveRequest;
export type Request = ReadRequest | WriteRequest;

export interface Answers extends MoveAnswers {
  readonly observe: ObserveAnswer;
  readonly ps: PsAnswer;
  readonly history: HistoryAnswer;
  readonly jobs: JobsAnswer;
  readonly machine: Machine;
  readonly control: ControlAnswer;
  readonly converge: ConvergeAnswer;
  readonly remove: RemoveAnswer;
}

export type AnswerTo<R extends Request> = Answers[R["op"]];

/** A frame is one line of JSON. */
export interface RequestFrame {
  readonly seq: number;
  readonly request: Request;
}

export type AnswerFrame =
  | { readonly seq: number; readonly answer: Answers[Request["op"]] }
  | { readonly seq: number; readonly error: WireError };
