import type { AgentUptime } from "./agent-uptime.ts";
import type {
  DeferredRestart,
  HistoryEvent,
  Pause,
  PendingPause,
  Quarantine,
  WatchedAgent,
  WatchedService,
} from "./deadman.ts";
import type { ContactsAnswer, ContactsRequest } from "./duplicate-contacts.ts";
import type { FailedOver } from "./failover.ts";
import type { FormerKey } from "./former-key.ts";
import type { Former } from "./former-unit.ts";
import type { HostRecord } from "./host-record.ts";
import type { Contents, Items, Observations } from "./items.ts";
import type { JobStatus } from "./job.ts";
import type {
  LedgersAnswer,
  LedgersRequest,
  RepeatedRepair,
  ResolveAnswer,
  ResolveRequest,
} from "./ledger.ts";
import type { Park } from "./limits.ts";
import type { Machine } from "./machine-health.ts";
import type { SendAnswer, SendRequest } from "./message.ts";
import type { MoveAnswers, MoveMark, MoveRequest } from "./move.ts";
import type {
  KeyboardAnswer,
  KeyboardHolder,
  KeyboardRequest,
  LogAnswer,
  LogRequest,
  PaneAnswer,
  PaneRequest,
} from "./pane.ts";
import type { PartFailure, WireError } from "./part-failure.ts";
import type { Unmanaged } from "./unmanaged.ts";
import type { Usage } from "./usage.ts";

/**
 * The version of the protocol between Muster and hosts. Increase this version when the meaning of a request or an
 * answer changes.
 */
export const PROTOCOL = 5;

/** The first protocol version with checkouts of git repositories. */
export const RESETS_CHECKOUTS = 5;

/** The first protocol version with the requests to restart, pause and resume. */
export const PAUSES = 4;

/** The first protocol version with pinned versions of runtimes. */
export const INSTALLS_RUNTIMES = 3;

/** The first protocol version in which the removal of an adopted agent keeps the agent's user. */
export const GIVES_BACK = 3;

/** The first protocol version with one resource for each agent. */
export const WHOLE_AGENTS = 2;

/**
 * The oldest supported protocol version. Hosts with this version know only separate resources for the parts of agents.
 */
export const OLDEST_PROTOCOL = 1;

/** The start of the host's first line. It distinguishes this line from the output of the login shell. */
export const MARKER = "muster-host ";

/** The JSON object that follows MARKER in the host's first line. */
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

/** Requests the state of items. Changes nothing. */
export interface ObserveRequest {
  readonly op: "observe";
  /** The resources to observe. If absent, all resources in the records of `owner` are observed. */
  readonly resources?: readonly ResourceItems[];
  readonly owner?: string;
  /** The contents of declared rows by digest. Contents that the host already has can be omitted. */
  readonly contents?: Contents;
  /** Whether to also report unmanaged entries, which run as Muster's users although no resource declares them. */
  readonly unmanaged?: true;
}

export interface Observed {
  /** The items that were observed. */
  readonly items: Items;
  readonly observed: Observations;
  readonly record?: HostRecord;
  /**
   * The names of items that were not observed, because no `up` has applied them on this host. Present only if the
   * request came through a reader's key.
   */
  readonly unapplied?: readonly string[];
}

export interface ObserveAnswer {
  readonly resources: Readonly<Record<string, Observed>>;
  /**
   * The id and owner of every record on the host, so that the caller can find records without a declaration.
   */
  readonly recorded: readonly { readonly id: string; readonly owner: string }[];
  /** Present only if the request asks for unmanaged entries. */
  readonly unmanaged?: readonly Unmanaged[];
  /** The agents that are moving from or to this host; absent if there are none. */
  readonly moves?: readonly MoveMark[];
  /** The properties that `up` has repaired repeatedly; absent if there are none. */
  readonly repeated?: readonly RepeatedRepair[];
}

/** Requests the status of units for `fleet ps`. */
export interface PsRequest {
  readonly op: "ps";
  readonly units: readonly string[];
  /** The former units that are not system units. The answer identifies each of them by its label. */
  readonly formers?: readonly Former[];
  /** Whether to also report unmanaged entries. An older host ignores this field. */
  readonly unmanaged?: true;
}

export interface UnitStatus {
  readonly unit: string;
  readonly state: string;
  readonly sub: string;
  readonly enabled: string;
  readonly pid: number;
  readonly restarts: number;
  /** The number of seconds since the unit entered its state; 0 if unknown. */
  readonly since: number;
  readonly status: string;
  /** The memory in bytes that the unit uses; absent if the unit does not run. */
  readonly memory?: number;
  /** The names of the process in the agent's tmux pane; absent if no process is running. */
  readonly names?: readonly string[];
  /** The runtime version from which the process runs; absent if the process does not run from an installation. */
  readonly version?: string;
  /** The deadman's view of the agent; absent if the deadman does not watch the agent. */
  readonly watched?: WatchedAgent;
  /** The deadman's view of the service; absent if the deadman does not watch the service. */
  readonly checked?: WatchedService;
  /** Present while the agent runs with an earlier declaration and a restart is deferred. */
  readonly owed?: DeferredRestart;
  /** Present while the agent should run on a provider other than its first provider. */
  readonly failedOver?: FailedOver;
  /** Present while the unit is in quarantine. */
  readonly quarantine?: Quarantine;
  /** Present while the unit is paused. */
  readonly paused?: Pause;
  /**
   * The tasks and messages that the agent has sent but that the other agent has not received yet; absent if there are none.
   */
  readonly handoffs?: FailedHandoffs;
  /** Present while a requested pause waits until the agent is idle. */
  readonly pausing?: PendingPause;
  /** The person who currently types at the agent's terminal; absent if nobody does. */
  readonly keyboard?: KeyboardHolder;
  /** Present while the agent waits for its turn to start. */
  readonly isWaiting?: true;
  /** The former values of the agent's credentials; absent if there are none. */
  readonly formerKeys?: readonly FormerKey[];
  /** The agent's login files that have expired and that its runtime cannot renew; absent if there are none. */
  readonly expiredLogins?: readonly ExpiredLogin[];
  /** The agent's properties that `up` has repaired repeatedly; absent if there are none. */
  readonly repeated?: readonly RepeatedRepair[];
  /** Present while the running conversation of the agent has a former identity. */
  readonly isIdentityOld?: true;
}

/** A login file that has expired and that cannot be renewed. */
export interface ExpiredLogin {
  readonly credential: string;
  /** The time when the login has expired (UTC, ISO 8601). */
  readonly since: string;
}

/** Handoffs of an agent that hostd has tried to deliver, but without success so far. */
export interface FailedHandoffs {
  readonly waiting: number;
  /** The time when the oldest of these handoffs was requested (UTC, ISO 8601). */
  readonly since: string;
  /** The reason why the last attempt has failed. */
  readonly error: string;
}

export interface PsAnswer {
  readonly units: readonly UnitStatus[];
  /**
   * Whether the deadman is active (`watching`) or does not respond (`silent`); absent if it is not installed.
   */
  readonly deadman?: "watching" | "silent";
  /** Present only if the request asks for unmanaged entries. */
  readonly unmanaged?: readonly Unmanaged[];
}

/** Requests a host's history. */
export interface HistoryRequest {
  readonly op: "history";
  /**
   * The name of an agent or a service. If absent, the answer contains the events of all agents and services,
   * and of the host itself.
   */
  readonly agent?: string;
  /** The maximum number of events; the latest events are returned. */
  readonly last: number;
  /** Whether to also report the uptime of each agent and day. An older host ignores this field. */
  readonly uptimes?: true;
}

export interface HistoryAnswer {
  /** The events, oldest first. */
  readonly events: readonly HistoryEvent[];
  /** The uptimes, oldest first. Present only if the request asks for uptimes. */
  readonly uptimes?: readonly AgentUptime[];
}

/** Requests the usage of model providers by this host's agents, and the agents that are parked. */
export interface UsageRequest {
  readonly op: "usage";
  /** The first day, such as 2026-12-01. */
  readonly from: string;
}

/** An agent that is parked: since when, and why. */
export interface ParkedAgent extends Park {
  readonly agent: string;
  readonly since: string;
  readonly reason: string;
}

export interface UsageAnswer {
  readonly usage: readonly Usage[];
  readonly parked: readonly ParkedAgent[];
}

/** Requests the uptimes of agents from the Prometheus of `monitoring` on this host. */
export interface UptimesRequest {
  readonly op: "uptimes";
  /** The current time (UTC, ISO 8601). */
  readonly at: string;
  /** The number of days, including the current day. */
  readonly days: number;
}

export interface UptimesAnswer {
  /** The uptimes, oldest first for each agent. */
  readonly uptimes: readonly AgentUptime[];
}

/** Requests the status of jobs. Each word identifies one job; see `jobWord`. */
export interface JobsRequest {
  readonly op: "jobs";
  readonly words: readonly string[];
}

export interface JobsAnswer {
  readonly jobs: readonly JobStatus[];
}

/** Requests the state of the host's machine: disks, memory, load and failed units. */
export interface MachineRequest {
  readonly op: "machine";
}

export const CONTROL_VERBS = ["start", "stop", "restart", "pause", "resume", "release"] as const;

export type ControlVerb = (typeof CONTROL_VERBS)[number];

/**
 * Starts, stops or restarts an agent or a service. `pause` stops the agent or service until `resume` starts it.
 * `release` starts it after a quarantine.
 */
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
  /**
   * Only for `restart` and `pause` of an agent: wait until the agent is idle, but for at most this number of seconds.
   * If absent, do not wait.
   */
  readonly within?: number;
}

export interface ControlAnswer {
  /** False if the unit was already in the requested state. */
  readonly changed: boolean;
  /** Present if the deadman carries out the request when the agent is idle. */
  readonly isDeferred?: true;
  /** Present if the agent waits for its turn to start. An older host does not return this field. */
  readonly isWaiting?: true;
}

/**
 * Brings a resource into its declared state: observes the resource, changes what differs, and observes the resource
 * again.
 */
export interface ConvergeRequest {
  readonly op: "converge";
  readonly id: string;
  readonly type: string;
  readonly owner: string;
  /**
   * The stack that owned the resource before. This run takes over the resource from that stack. Absent if the resource
   * is not taken over.
   */
  readonly takesOver?: string;
  readonly items: Items;
  readonly contents: Contents;
  /** The values of secret files, by item name. */
  readonly secrets: Readonly<Record<string, string>>;
  /**
   * The former ids of this resource. A record with a former id is replaced by a record with the new id.
   * Absent if there are no former ids.
   */
  readonly formerly?: readonly string[];
  /** The person who makes the request, as `<user>@<machine>`, for the ledger. */
  readonly by?: string;
  /** The name of this run in the ledger. */
  readonly run?: string;
}

export interface ConvergeAnswer {
  readonly observed: Observations;
  /** The properties that were changed, as `item.property`. */
  readonly changed: readonly string[];
  /**
   * The paths at which data of an earlier resource with the same name is kept. Present only when the resource
   * is applied for the first time.
   */
  readonly kept?: readonly string[];
  /** The units that still run with an earlier declaration and that are restarted later; absent if there are none. */
  readonly waiting?: readonly string[];
  /**
   * The entries that Muster has replaced although it did not write them, with the paths of their copies. Absent if
   * there are none.
   */
  readonly overwritten?: readonly Overwritten[];
  /**
   * The parts of an agent that could not be applied, and the reasons. All other parts of the agent were applied. Absent
   * if there are none.
   */
  readonly failures?: readonly PartFailure[];
}

/** An entry at a declared path that Muster has replaced or removed although a person or an agent wrote it. */
export interface Overwritten {
  readonly path: string;
  /** The path of the copy. Root owns the copy. */
  readonly kept: string;
}

/** Removes the items of a resource. An item that no longer exists counts as removed. */
export interface RemoveRequest {
  readonly op: "remove";
  readonly id: string;
  readonly owner: string;
  readonly items: Items;
}

export interface RemoveAnswer {
  /** The paths to which an agent's own data was moved. Root owns these paths. */
  readonly aside: readonly string[];
  /** Sentences about the items that were restored to their state before Muster; absent if there are none. */
  readonly givenBack?: readonly string[];
}

/**
 * Installs one version of a runtime, and keeps the existing versions. Downloads missing archives if `urls` contains
 * their addresses.
 */
export interface InstallRequest {
  readonly op: "install";
  /** The name in `runtimes` of fleet.yaml. */
  readonly name: string;
  /** The pinned version; see `pinnedText`. */
  readonly pinned: string;
  /** The public addresses of archives, by integrity. */
  readonly urls: Readonly<Record<string, string>>;
}

export interface InstallAnswer {
  /** The integrities of the archives that the client must supply. Empty if the version is installed. */
  readonly missing: readonly string[];
}

/** The maximum number of bytes of an archive that one request transfers. */
export const SUPPLY_CHUNK = 4 * 1024 * 1024;

/** Sends the next bytes of an archive. After the last bytes, the host verifies the archive. */
export interface SupplyRequest {
  readonly op: "supply";
  readonly integrity: string;
  readonly isFirst: boolean;
  readonly isLast: boolean;
  /** Base64. */
  readonly bytes: string;
}

/** An empty object. */
export type SupplyAnswer = Readonly<Record<string, never>>;

/**
 * Asks whether the host has the objects of a commit. With `integrity`, first stores the pack that `supply` has sent
 * with this integrity as the objects of the commit.
 */
export interface CommitRequest {
  readonly op: "commit";
  /** 40 hex digits. */
  readonly revision: string;
  readonly integrity?: string;
}

export interface CommitAnswer {
  readonly isStored: boolean;
}

export type ReadRequest =
  | ObserveRequest
  | PsRequest
  | HistoryRequest
  | LedgersRequest
  | UptimesRequest
  | JobsRequest
  | UsageRequest
  | MachineRequest;
export type WriteRequest =
  | ConvergeRequest
  | RemoveRequest
  | ControlRequest
  | ResolveRequest
  | ContactsRequest
  | InstallRequest
  | SupplyRequest
  | CommitRequest
  | MoveRequest;

/**
 * Requests about an agent's terminal. A read-only session cannot send these requests, because a terminal can show
 * secrets.
 */
export type TerminalRequest = PaneRequest | KeyboardRequest | LogRequest | SendRequest;

export type Request = ReadRequest | WriteRequest | TerminalRequest;

export interface Answers extends MoveAnswers {
  readonly observe: ObserveAnswer;
  readonly ps: PsAnswer;
  readonly history: HistoryAnswer;
  readonly ledgers: LedgersAnswer;
  readonly uptimes: UptimesAnswer;
  readonly jobs: JobsAnswer;
  readonly usage: UsageAnswer;
  readonly machine: Machine;
  readonly control: ControlAnswer;
  readonly resolve: ResolveAnswer;
  readonly contacts: ContactsAnswer;
  readonly converge: ConvergeAnswer;
  readonly remove: RemoveAnswer;
  readonly install: InstallAnswer;
  readonly supply: SupplyAnswer;
  readonly commit: CommitAnswer;
  readonly pane: PaneAnswer;
  readonly keyboard: KeyboardAnswer;
  readonly log: LogAnswer;
  readonly send: SendAnswer;
}

export type AnswerTo<R extends Request> = Answers[R["op"]];

/** A request with its number. It is sent as one line of JSON. */
export interface RequestFrame {
  readonly seq: number;
  readonly request: Request;
}

export type AnswerFrame =
  | { readonly seq: number; readonly answer: Answers[Request["op"]] }
  | { readonly seq: number; readonly error: WireError };
