import type { Cause } from "./items.ts";

/**
 * The facts about the last writer of a file. The kernel keeps no record of the writer, so everything except
 * the owner and the time is only probable.
 */
export interface ProbableWriter {
  /** When the file was last changed (UTC, ISO 8601), from the host's clock. */
  readonly time: string;
  /** The user to whom the file belonged. */
  readonly owner: string;
  /** The names of what ran at that time, according to the journal, such as `cron of iris: sh`; empty if none. */
  readonly ran: readonly string[];
}

/** One difference that a run has found on the host, and its repair. */
export interface LedgerEntry {
  /** The item's name within its resource. */
  readonly item: string;
  readonly property: string;
  /** Shortened if it is long. For a secret, only a keyed hash. */
  readonly declared: string;
  readonly observed: string;
  readonly cause: Cause;
  /** When the difference was first seen (UTC, ISO 8601). */
  readonly seen: string;
  /** When it was repaired (UTC, ISO 8601); absent if the repair has failed, or if its run was killed. */
  readonly repaired?: string;
  /** The person whose run repaired it, as `<user>@<machine>`; absent if an earlier version repaired it. */
  readonly by?: string;
  /** The run that repaired it. All entries of one run have the same value. */
  readonly run?: string;
  readonly writer?: ProbableWriter;
}

/** A person's statement that the cause of repeated repairs has been removed. Only later repairs count after that. */
export interface Closing {
  readonly item: string;
  readonly property: string;
  /** When the finding was closed (UTC, ISO 8601). */
  readonly closed: string;
  readonly by: string;
  readonly why: string;
}

/** The record of drift and repairs of one resource, oldest first. Root owns it on the host. */
export interface Ledger {
  /** Repairs of what somebody has changed on the host. */
  readonly corrective: readonly LedgerEntry[];
  /** Changes of fleet.yaml that were applied. They never count as repairs. */
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
  /** When it was repaired (UTC, ISO 8601), oldest first. */
  readonly repairs: readonly string[];
  readonly declared: string;
  /** The value before the last repair. */
  readonly observed: string;
  /** Who ran the last repair; absent if it is not known. */
  readonly by?: string;
  /** The probable writer of the file before the last repair; absent if the item is not a file. */
  readonly writer?: ProbableWriter;
}

/** The number of repairs of one property that make a recurring finding. */
export const REPEATED = 3;

/** Asks for the ledgers of drift and repairs of all resources on the host. */
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
  /** The repairs that do not count any more; absent if there is no open finding with this id. */
  readonly closed?: RepeatedRepair;
}
