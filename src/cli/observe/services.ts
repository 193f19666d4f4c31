import type { Fleet, ServiceSpec } from "../../config/fleet.ts";
import type { Verdict } from "../../model/deadman.ts";
import type { UnitStatus } from "../../model/protocol.ts";
import { inSlice } from "../../model/stack-slice.ts";
import { type OpenHost, queryHost } from "../query-host.ts";
import type { Selection } from "../selection.ts";
import type { HostReport } from "./fleet-report.ts";
import { type UnitLabel, unitLabel } from "./unit-label.ts";

export interface ServiceRow {
  readonly service: string;
  readonly host: string;
  readonly unit: string;
  /** `away`: nothing is known, because its host gave no answer. */
  readonly state: UnitLabel | "away";
  /** UnitFileState of systemd; what follows is there only where the unit is. */
  readonly enabled?: string;
  readonly pid?: number;
  /** How often it was started again of late, by systemd or the deadman. */
  readonly restarts?: number;
  /** Seconds in this state. */
  readonly since?: number;
  /** What its check says; there only where it has one and the deadman watches. */
  readonly health?: Verdict;
  /** What was answered last. */
  readonly detail?: string;
  /** Why the deadman leaves it alone. */
  readonly paused?: string;
  /** Why it stays down, and since when. */
  readonly quarantine?: { readonly since: string; readonly reason: string };
}

export interface ServicesReport {
  /** The hosts whose deadman should watch and does not. */
  readonly unwatched: readonly string[];
  readonly hosts: readonly HostReport[];
  readonly services: readonly ServiceRow[];
}

/** How every declared service is now, from its live host. */
export async function observeServices(
  fleet: Fleet,
  selection: Selection,
  open: OpenHost,
): Promise<ServicesReport> {
  const services = Object.values(fleet.services).filter((service) => isSelectedService(service, selection));
  const byHost = Map.groupBy(services, ({ host }) => host);
  const looks = await Promise.all([...byHost].map(([host, ours]) => servicesOn(fleet, host, ours, open)));
  return {
    hosts: looks.map((look) => look.host),
    services: looks.flatMap((look) => look.services),
    unwatched: looks.flatMap((look) => (look.isUnwatched ? [look.host.host] : [])),
  };
}

/** Whether a service is in the part of the fleet that a command looks at: it is no tenant's. */
export function isSelectedService(service: ServiceSpec, selection: Selection): boolean {
  const { host = service.host, tenant, slice = { kind: "all" } } = selection;
  return host === service.host && tenant === undefined && inSlice(slice, { type: "Service" });
}

async function servicesOn(fleet: Fleet, host: string, services: readonly ServiceSpec[], open: OpenHost) {
  const units = services.map(({ unit }) => unit);
  const asked = await queryHost(fleet, host, open, (reader) => reader.ps({ op: "ps", units }));
  const known = new Map(asked.answer?.units.map((unit) => [unit.unit, unit]));
  const isThere = asked.host.state === "ok" || asked.host.state === "empty";
  return {
    host: asked.host,
    isUnwatched: asked.answer?.deadman === "silent" && services.some(({ health }) => health !== undefined),
    services: services.map((service) =>
      rowOf(service, known.get(service.unit), isThere ? "not there" : "away"),
    ),
  };
}

function rowOf(
  { name, host, unit }: ServiceSpec,
  status: UnitStatus | undefined,
  absent: ServiceRow["state"],
): ServiceRow {
  const place = { service: name, host, unit };
  const state = status === undefined ? absent : unitLabel(status);
  if (status === undefined || state === "not there") return { ...place, state };
  const { enabled, pid, since, checked, quarantine } = status;
  const restarts = Math.max(status.restarts, checked?.restarts ?? 0);
  return {
    ...place,
    ...{ state, enabled, pid, restarts, since },
    ...(checked && { health: checked.health }),
    ...(checked?.detail && { detail: checked.detail }),
    ...(checked?.paused && { paused: checked.paused }),
    ...(quarantine && { quarantine }),
  };
}
