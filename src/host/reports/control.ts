import { MusterError } from "../../base/errors.ts";
import type { HistoryEvent } from "../../model/deadman.ts";
import { agentUnit } from "../../model/host-paths.ts";
import type { ControlAnswer, ControlRequest } from "../../model/protocol.ts";
import { shown } from "../../model/shown.ts";
import type { Host } from "../context.ts";
import { readRecords } from "../store/records.ts";
import { withResourceLock } from "../system/locks.ts";
import { readQuarantine, release } from "../units/quarantine.ts";
import { start, stopUnit } from "../units/start-stop.ts";
import { isRunning, showUnits, type UnitState } from "../units/systemctl.ts";
import { record } from "./history.ts";

/** Starts, stops or releases an agent or a service, and records this in the history. */
export function control(host: Host, request: ControlRequest): ControlAnswer {
  const { agent, unit, verb, isService } = request;
  const known = isService ? serviceUnits(host, agent) : [agentUnit(agent)];
  if (isService && known.length === 0) throw refused(agent, "it is not on this host.", UP);
  if (!known.includes(unit)) throw refused(agent, `${unit} is not its unit.`);
  return withResourceLock(host, unit, () => {
    const [state = {}] = showUnits(host, [unit]);
    if (state["LoadState"] === "not-found") throw refused(agent, "it is not on this host.", UP);
    if (verb !== "stop") for (const hook of host.hooks) hook.beforeStart(host, agent, unit);
    return { changed: VERBS[verb](host, request, state) };
  });
}

/** Returns the units of a service, according to its records. */
function serviceUnits(host: Host, service: string): string[] {
  return readRecords(host)
    .filter(({ type, id }) => type === "Service" && id.endsWith(`/${service}/service`))
    .flatMap(({ items }) => Object.values(items))
    .flatMap((item) => (item.kind === "unit" ? [item.name] : []));
}

/** Returns the field of a history event that names the agent or service. */
function eventSubject({ agent, isService }: ControlRequest): Pick<HistoryEvent, "agent" | "service"> {
  return isService ? { service: agent } : { agent };
}

const UP = "Run `npx pulumi up` first.";

type Verb = (host: Host, request: ControlRequest, state: UnitState) => boolean;

const VERBS: Readonly<Record<ControlRequest["verb"], Verb>> = {
  start: (host, request, state) => {
    const { agent, unit } = request;
    const quarantine = readQuarantine(host, unit);
    if (quarantine !== undefined) {
      const why = `it has been in quarantine since ${quarantine.since}: ${quarantine.reason}.`;
      throw refused(agent, why, `\`npx fleet release ${agent}\` frees it.`);
    }
    if (isRunning(state)) return false;
    record(host, [{ event: "asked", ...eventSubject(request), detail: `to start, by ${shown(request.by)}` }]);
    start(host, "start", unit);
    return true;
  },
  stop: (host, request, state) => {
    if (["inactive", "failed"].includes(state["ActiveState"] ?? "")) return false;
    record(host, [{ event: "asked", ...eventSubject(request), detail: `to stop, by ${shown(request.by)}` }]);
    stopUnit(host, request.unit);
    return true;
  },
  release: (host, request) => {
    const { agent, unit } = request;
    if (readQuarantine(host, unit) === undefined) throw refused(agent, "it is not in quarantine.");
    release(host, unit);
    record(host, [{ event: "released", ...eventSubject(request), detail: `by ${shown(request.by)}` }]);
    start(host, "start", unit);
    return true;
  },
};

function refused(agent: string, why: string, next?: string): MusterError {
  return new MusterError({ what: agent, why, ...(next !== undefined && { next }) });
}
