import type { DeferredRestart, HistoryEvent, Quarantine, Watched, WatchedService } from "./deadman.ts";
import type { FailedOver } from "./failover.ts";
import type { HostRecord } from "./host-record.ts";
import type { Contents, Items, Observations } from "./items.ts";
import type { JobStatus } from "./job.ts";
import type { Machine } from "./machine.ts";
import type { MoveAnswers, MoveMark, MoveRequest } from "./move.ts";
import type { PartFailure, WireError } from "./part-failure.ts";
import type { Unmanaged } from "./unmanaged.ts";

/** Raised when a request or an answer changes its meaning; a reader and a host agree on it at the start. */
export const PROTOCOL = 2;

/** The oldest protocol that can still be asked: its hosts know an agent's parts, and no agent; see former-agent.ts. */
export const OLDEST_PROTOCOL = 1;

/** Precedes the host's first line, so that a noisy login shell cannot be taken for an answer. */
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

/** Looks, and cannot change anything. */
export interface ObserveRequest {
  readonly op: "observe";
  /** The resources to look at; left out: everything in the records of `owner`. */
  readonly resources?: readonly ResourceItems[];
  readonly owner?: string;
  /** Rows' contents by digest; those the host holds already may be left out. */
  readonly contents?: Contents;
  /** Whether to tell also what runs as users of ours and is nobody's. */
  readonly unmanaged?: true;
}

export interface Observed {
  /** The items that were looked at. */
  readonly items: Items;
  readonly observed: Observations;
  readonly record?: HostRecord;
  /** By a reader's key: names of items that were not looked at, because no `up` applied them there. */
  readonly unapplied?: readonly string[];
}

export interface ObserveAnswer {
  readonly resources: Readonly<Record<string, Observed>>;
  /** Every record on the host, as id and owner, so that a reader can name the orphans. */
  readonly recorded: readonly { readonly id: string; readonly owner: string }[];
  /** Where that was asked for. */
  readonly unmanaged?: readonly Unmanaged[];
  /** Agents that are on their way from or to this host; left out where there is none. */
  readonly moves?: readonly MoveMark[];
}

/** One row of `fleet ps` for each unit named. */
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
  /** Seconds since the unit entered its state; 0 where unknown. */
  readonly since: number;
  readonly status: string;
  /** The names of the process in its pane; absent where none runs. */
  readonly names?: readonly string[];
  /** How the deadman sees the agent; absent where it sees none. */
  readonly watched?: Watched;
  /** How it sees the service; absent where it sees none. */
  readonly checked?: WatchedService;
  /** There while it runs with what was declared before. */
  readonly owed?: DeferredRestart;
  /** There while it is to run on another provider than its first. */
  readonly failedOver?: FailedOver;
  /** There while the unit is kept down. */
  readonly quarantine?: Quarantine;
}

export interface PsAnswer {
  readonly units: readonly UnitStatus[];
  /** Whether the host's deadman watches; absent where none is installed. */
  readonly deadman?: "watching" | "silent";
}

/** What happened on the host. */
export interface HistoryRequest {
  readonly op: "history";
  /** Of an agent or a service, by its name. Left out: of all, and of the host itself. */
  readonly agent?: string;
  /** At most so many events, the latest. */
  readonly last: number;
}

export interface HistoryAnswer {
  /** The oldest first. */
  readonly events: readonly HistoryEvent[];
}

/** How jobs are, by their words; see jobWord. */
export interface JobsRequest {
  readonly op: "jobs";
  readonly words: readonly string[];
}

export interface JobsAnswer {
  readonly jobs: readonly JobStatus[];
}

/** How the host itself is doing: disks, memory, load, failed units. */
export interface MachineRequest {
  readonly op: "machine";
}

export const CONTROL_VERBS = ["start", "stop", "release"] as const;

export type ControlVerb = (typeof CONTROL_VERBS)[number];

/** Starts or stops an agent or a service, or frees it from quarantine and starts it. */
export interface ControlRequest {
  readonly op: "control";
  readonly verb: ControlVerb;
  /** Its name. */
  readonly agent: string;
  /** That it is a service; left out: an agent. */
  readonly isService?: true;
  readonly unit: string;
  /** Who asks, for the history. */
  readonly by: string;
}

export interface ControlAnswer {
  /** Whether anything was changed: it may have been so already. */
  readonly changed: boolean;
}

/** Observes, changes what differs, observes again. */
export interface ConvergeRequest {
  readonly op: "converge";
  readonly id: string;
  readonly type: string;
  readonly owner: string;
  /** The stack whose resource this was: this run makes it its own, as it stands there. */
  readonly takesOver?: string;
  readonly items: Items;
  readonly contents: Contents;
  /** Values of secret files by item name. */
  readonly secrets: Readonly<Record<string, string>>;
  /** The ids that this resource had before: what stands there under one of them is carried over. */
  readonly formerly?: readonly string[];
}

export interface ConvergeAnswer {
  readonly observed: Observations;
  /** `item.property` of everything that was changed. */
  readonly changed: readonly string[];
  /** Where an earlier resource's own data of the same name is kept; told when this one is met for the first time. */
  readonly kept?: readonly string[];
  /** Units that go on with what was declared before, and are started again later. */
  readonly waiting?: readonly string[];
  /** The parts of an agent that are not as declared, and why; all its other parts are done. */
  readonly failures?: readonly PartFailure[];
}

/** Removes what the items name; what is already gone is a success. */
export interface RemoveRequest {
  readonly op: "remove";
  readonly id: string;
  readonly owner: string;
  readonly items: Items;
}

export interface RemoveAnswer {
  /** Where an agent's own data was moved, root-owned. */
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
