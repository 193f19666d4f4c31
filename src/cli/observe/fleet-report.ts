import type { Finding, Place } from "../../model/finding.ts";
import type { Unmanaged } from "../../model/unmanaged.ts";
import type { FleetChange } from "../change/change.ts";
import { EXIT, type ExitCode } from "../exit.ts";

/** `empty`: it was reached, and nothing of ours is there yet. `failed`: it was reached and gave no answer. */
export type HostReachability = "ok" | "away" | "empty" | "failed";

export interface HostReport {
  readonly host: string;
  readonly state: HostReachability;
  /** A sentence, unless the state is `ok`. */
  readonly reason?: string;
  /** Of a host that is away: that fleet.yaml declares it `availability: intermittent`. */
  readonly intermittent?: true;
  /** Of a host that is away: when a run from this checkout last reached it (ISO 8601); absent where none did. */
  readonly lastReached?: string;
}

/** Whether a host is away that should be there. */
export function isMissed({ state, intermittent }: HostReport): boolean {
  return state === "away" && intermittent !== true;
}

/** An item that the host could not tell anything of. */
export interface UnknownItem extends Place, Pick<Finding, "item" | "part"> {
  readonly reason: string;
}

/** A record on a host for a resource that fleet.yaml does not declare any more. */
export interface Orphan {
  readonly host: string;
  readonly resource: string;
  /** `<project>/<stack>`, whose `up` removes it. */
  readonly owner: string;
}

/** What runs as a user of ours and nobody declared. It is a note: no exit code stands for it, and `up` leaves it alone. */
export interface UnmanagedThing extends Unmanaged {
  readonly host: string;
  readonly agent?: string;
}

/** What was found on the hosts; from it alone come the text, the JSON, the Markdown and the exit code. */
export interface FleetReport {
  readonly fleet: string;
  /** How many agents were looked at. */
  readonly agents: number;
  /** How many services. */
  readonly services: number;
  readonly hosts: readonly HostReport[];
  readonly findings: readonly Finding[];
  readonly unknown: readonly UnknownItem[];
  readonly orphans: readonly Orphan[];
  readonly unmanaged: readonly UnmanagedThing[];
  /** What a change of fleet.yaml would do, where one was asked about. */
  readonly change?: FleetChange;
}

/** Whether a finding is only a change of fleet.yaml that no `up` has applied yet. */
export function isPending(finding: Finding): boolean {
  return finding.cause === "intended";
}

/** Every exit code that holds for what was found. */
export function codesOf(report: FleetReport): ExitCode[] {
  const has = (state: HostReachability) => report.hosts.some((host) => host.state === state);
  const holds: readonly (readonly [ExitCode, boolean])[] = [
    [EXIT.failure, has("failed") || report.unknown.length > 0],
    [EXIT.drift, has("empty") || report.findings.some((finding) => !isPending(finding))],
    [EXIT.unreachable, report.hosts.some(isMissed)],
  ];
  return holds.flatMap(([code, held]) => (held ? [code] : []));
}
