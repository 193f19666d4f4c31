import type { Fleet, ServiceSpec } from "../../config/fleet.ts";
import type { Verdict } from "../../model/deadman.ts";
import type { PsAnswer, UnitStatus } from "../../model/protocol.ts";
import { inSlice } from "../../model/stack-settings.ts";
import type { OpenHost } from "../query-host.ts";
import type { Selection } from "../selection.ts";
import type { HostReport } from "./fleet-report.ts";
import { type HostAnswer, observeByHost, stateWithoutAnswer } from "./query-all-hosts.ts";
import { type KeptStopped, keptStopped, type UnitLabel, unitLabel } from "./unit-label.ts";

export interface ServiceRow extends KeptStopped {
  readonly service: string;
  readonly host: string;
  readonly unit: string;
  /** `away`: unknown, because the service's host is unreachable. */
  readonly state: UnitLabel | "away";
  /** systemd's UnitFileState. This field and the following ones are absent if the unit does not exist. */
  readonly enabled?: string;
  readonly pid?: number;
  /** The number of recent restarts by systemd or the deadman. */
  readonly restarts?: number;
  /** The number of seconds since the unit entered its state; 0 if unknown. */
  readonly since?: number;
  /** The result of the health check; absent if there is no health check or the deadman is not watching. */
  readonly health?: Verdict;
  /** The last result of the health check as text; absent if there is none. */
  readonly detail?: string;
  /** The reason why the deadman currently does not act on the service. */
  readonly held?: string;
}

export interface ServicesReport {
  /** The hosts on which the deadman should be watching but is silent. */
  readonly unwatched: readonly string[];
  readonly hosts: readonly HostReport[];
  readonly services: readonly ServiceRow[];
}

/** Observes every selected service on its host. */
export async function observeServices(
  fleet: Fleet,
  selection: Selection,
  open: OpenHost,
): Promise<ServicesReport> {
  const services = Object.values(fleet.services).filter((service) => isSelectedService(service, selection));
  const answers = await observeByHost(fleet, open, services, (reader, own) =>
    reader.ps({ op: "ps", units: own.map(({ unit }) => unit) }),
  );
  return {
    hosts: answers.map(({ host }) => host),
    services: answers.flatMap(rowsOf),
    unwatched: answers.filter(isUnwatched).map(({ host }) => host.host),
  };
}

/** Whether a selection covers a service. Services belong to no tenant. */
export function isSelectedService(service: ServiceSpec, selection: Selection): boolean {
  const { host = service.host, tenant, slice = { kind: "all" } } = selection;
  return host === service.host && tenant === undefined && inSlice(slice, { type: "Service" });
}

function isUnwatched({ things, answer }: HostAnswer<ServiceSpec, PsAnswer>): boolean {
  return answer?.deadman === "silent" && things.some(({ health }) => health !== undefined);
}

function rowsOf({ host, things, answer }: HostAnswer<ServiceSpec, PsAnswer>): ServiceRow[] {
  const units = new Map(answer?.units.map((unit) => [unit.unit, unit]));
  return things.map((service) => rowOf(service, units.get(service.unit), stateWithoutAnswer(host)));
}

function rowOf(
  { name, host, unit }: ServiceSpec,
  status: UnitStatus | undefined,
  absent: ServiceRow["state"],
): ServiceRow {
  const place = { service: name, host, unit };
  const state = status === undefined ? absent : unitLabel(status);
  if (status === undefined || state === "not there") return { ...place, state };
  const { enabled, pid, since, checked } = status;
  const restarts = Math.max(status.restarts, checked?.restarts ?? 0);
  return {
    ...place,
    ...{ state, enabled, pid, restarts, since },
    ...(checked && { health: checked.health }),
    ...(checked?.detail && { detail: checked.detail }),
    ...(checked?.held && { held: checked.held }),
    ...keptStopped(status),
  };
}
