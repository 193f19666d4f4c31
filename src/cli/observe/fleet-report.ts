import type { Finding, Place } from "../../model/drift-finding.ts";
import type { RepeatedRepair } from "../../model/ledger.ts";
import type { OnRecurrence } from "../../model/recurrence.ts";
import { KEY_COPY, type Unmanaged } from "../../model/unmanaged.ts";
import type { FleetChange } from "../change/fleet-change.ts";
import { EXIT, type ExitCode } from "../exit.ts";

/** `away`: unreachable. `empty`: Muster has installed nothing yet. `failed`: the answer was not valid. */
export type HostReachability = "ok" | "away" | "empty" | "failed";

export interface HostReport {
  readonly host: string;
  readonly state: HostReachability;
  /** The reason for the state, as a sentence; absent if the state is `ok`. */
  readonly reason?: string;
  /** Present if the host is declared with `availability: intermittent`. Such a host is probably only switched off. */
  readonly intermittent?: true;
  /**
   * The time when this checkout last reached an unreachable host (ISO 8601); absent if the checkout has never reached
   * it.
   */
  readonly lastReached?: string;
}

/** Whether a host is unreachable although it is not marked as intermittent. */
export function isUnexpectedlyUnreachable({ state, intermittent }: HostReport): boolean {
  return state === "away" && intermittent !== true;
}

/** An item that the host could not observe. */
export interface UnknownItem extends Place, Pick<Finding, "item" | "part"> {
  readonly reason: string;
}

/** A record on a host for a resource that fleet.yaml no longer declares. */
export interface Orphan {
  readonly host: string;
  readonly resource: string;
  /** The stack that owns the record, as `<project>/<stack>`. The next `up` of this stack removes the resource. */
  readonly owner: string;
}

/**
 * A program that runs as one of Muster's users but is not declared, or a copy of a credential in a home. It is reported
 * only as a note: it does not affect the exit code, and `up` does not change it.
 */
export interface UnmanagedThing extends Unmanaged {
  readonly host: string;
  readonly agent?: string;
}

/** A property that `up` repairs repeatedly. This is a finding until a person closes the finding. */
export interface Recurring extends Place, RepeatedRepair {
  /** The declared reaction of `up` to the finding. */
  readonly onRecurrence: OnRecurrence;
}

/** The findings on the hosts. The output and the exit code depend only on this report. */
export interface FleetReport {
  readonly fleet: string;
  /** The number of agents that were checked. */
  readonly agents: number;
  /** The number of services that were checked. */
  readonly services: number;
  readonly hosts: readonly HostReport[];
  readonly findings: readonly Finding[];
  readonly recurring: readonly Recurring[];
  readonly unknown: readonly UnknownItem[];
  readonly orphans: readonly Orphan[];
  readonly unmanaged: readonly UnmanagedThing[];
  /** The effects of a change in fleet.yaml; present only with `--change`. */
  readonly change?: FleetChange;
}

/** Whether an entry is a copy of a credential in a home, which a person should delete. */
export function isKeyCopy({ kind }: Unmanaged): boolean {
  return kind === KEY_COPY;
}

/** Whether a finding is only a change in fleet.yaml that no `up` has applied yet. */
export function isPending(finding: Finding): boolean {
  return finding.cause === "intended";
}

/** Returns all exit codes that apply. */
export function codesOf(report: FleetReport): ExitCode[] {
  const has = (state: HostReachability) => report.hosts.some((host) => host.state === state);
  const holds: readonly (readonly [ExitCode, boolean])[] = [
    [EXIT.failure, has("failed") || report.unknown.length > 0],
    [EXIT.policy, report.recurring.length > 0],
    [EXIT.drift, has("empty") || report.findings.some((finding) => !isPending(finding))],
    [EXIT.unreachable, report.hosts.some(isUnexpectedlyUnreachable)],
  ];
  return holds.flatMap(([code, held]) => (held ? [code] : []));
}
