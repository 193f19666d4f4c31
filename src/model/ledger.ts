import type { Cause } from "./items.ts";

/** A process that has written a file, as the kernel has reported it. */
export interface WritingProcess {
  /** The name of the process, such as `sh`. */
  readonly name: string;
  readonly pid: number;
  /** The facts that were read while the process still existed; absent if it had ended before. */
  readonly user?: string;
  readonly executable?: string;
  /** The systemd unit to which the process belonged. */
  readonly unit?: string;
  /** The names of the processes above it, the nearest first. */
  readonly parents?: readonly string[];
}

/**
 * The facts about the last writer of a file. If the kernel has not reported the writer, all facts except the owner and
 * the time are only probable.
 */
export interface ProbableWriter {
  /** The process that has written the file. Absent if hostd does not record writers, or has no event of this file. */
  readonly by?: WritingProcess;
  /** The reason why there is no such process. Absent in entries of an earlier version of Muster. */
  readonly unrecorded?: string;
  /** The time of the file's last change (UTC, ISO 8601), from the host's clock. */
  readonly time: string;
  /** The user to whom the file belonged. */
  readonly owner: string;
  /**
   * The names of the programs that ran at that time according to the journal, such as `cron of iris: sh`; empty if
   * there are none.
   */
  readonly ran: readonly string[];
}

/** One difference that a run has found on the host, and its repair. */
export interface LedgerEntry {
  /** The item's name within its resource. */
  readonly item: string;
  readonly property: string;
  /** The declared value, shortened if it is long. For a secret, this is a keyed hash. */
  readonly declared: string;
  readonly observed: string;
  readonly cause: Cause;
  /** The time when the difference was first seen (UTC, ISO 8601). */
  readonly seen: string;
  /**
   * The time when the difference was repaired (UTC, ISO 8601). Absent if the repair has failed, or if its run was
   * killed.
   */
  readonly repaired?: string;
  /**
   * The person whose run repaired the difference, as `<user>@<machine>`; absent if an earlier version of Muster
   * repaired it.
   */
  readonly by?: string;
  /** The run that repaired the difference. All entries of one run have the same value. */
  readonly run?: string;
  readonly writer?: ProbableWriter;
}

/** A person's statement that the cause of repeated repairs has been removed. After it, only later repairs count. */
export interface Closing {
  readonly item: string;
  readonly property: string;
  /** The time when the finding was closed (UTC, ISO 8601). */
  readonly closed: string;
  readonly by: string;
  readonly why: string;
}

/** The record of drift and repairs of one resource, oldest first. On the host, root owns this record. */
export interface Ledger {
  /** Repairs of changes that somebody has made on the host. */
  readonly corrective: readonly LedgerEntry[];
  /** Applied changes of fleet.yaml. They never count as repairs. */
  readonly intended: readonly LedgerEntry[];
  readonly closings: readonly Closing[];
}

/** A property that was repaired at least REPEATED times since a person last closed its finding. */
export interface RepeatedRepair {
  /** The id for `fleet resolve`: eight hex digits. */
  readonly id: string;
  readonly resource: string;
  readonly item: string;
  readonly property: string;
  /** The times of the repairs (UTC, ISO 8601), oldest first. */
  readonly repairs: readonly string[];
  readonly declared: string;
  /** The value before the last repair. */
  readonly observed: string;
  /** The person whose run made the last repair; absent if the person is not known. */
  readonly by?: string;
  /** The probable writer of the file before the last repair; absent if the item is not a file. */
  readonly writer?: ProbableWriter;
}

/** The number of repairs of one property that lead to a recurring finding. */
export const REPEATED = 3;

/** Requests the ledgers of drift and repairs of all resources on the host. */
export interface LedgersRequest {
  readonly op: "ledgers";
}

export interface LedgersAnswer {
  /** The ledgers by resource id. A resource without entries is absent. */
  readonly ledgers: Readonly<Record<string, Ledger>>;
}

/** Closes a finding about repeated repairs. */
export interface ResolveRequest extends Pick<Closing, "by" | "why"> {
  readonly op: "resolve";
  readonly resource: string;
  /** The id of the finding. */
  readonly id: string;
}

export interface ResolveAnswer {
  /** The repairs that no longer count; absent if there is no open finding with this id. */
  readonly closed?: RepeatedRepair;
}
