import { MusterError } from "../../base/errors.ts";
import type { HistoryEvent } from "../../model/deadman.ts";
import { agentUnit } from "../../model/host-paths.ts";
import type { ControlAnswer, ControlRequest } from "../../model/protocol.ts";
import { shown } from "../../model/shown.ts";
import type { Host } from "../context.ts";
import { markOf } from "../moves/move-state.ts";
import { readRecords } from "../store/records.ts";
import { withResourceLock } from "../system/locks.ts";
import { readQuarantine, release } from "../units/quarantine.ts";
import { start, stopUnit } from "../units/start-stop.ts";
import { isRunning, showUnits, type UnitState } from "../units/systemctl.ts";
import { record } from "./history.ts";

/** Starts, stops or releases an agent or a service, and puts it down in the history. */
export function control(host: Host, request: ControlRequest): ControlAnswer {
  const { agent, unit, verb, isService } = request;
  const known = isService ? serviceUnits(host, agent) : [agentUnit(agent)];
  if (isService && known.length === 0) throw refused(agent, "it is not on this host.", UP);
  if (!known.includes(unit)) throw refused(agent, `${unit} is not its unit.`);
  return withResourceLock(host, unit, () => {
    const [state = {}] = showUnits(host, [unit]);
    if (state["LoadState"] === "not-found") throw refused(agent, "it is not on this host.", UP);
    const { other } = markOf(host, agent) ?? {};
    const isHeld = readQuarantine(host, unit) !== undefined;
    if (other !== undefined && isHeld && verb !== "stop")
      throw refused(agent, `it is about to move (${other}).`, MOVES);
    return { changed: VERBS[verb](host, request, state) };
  });
}

/** The units that a service has by its records. */
function serviceUnits(host: Host, service: string): string[] {
  return readRecords(host)
    .filter(({ type, id }) => type === "Service" && id.endsWith(`/${service}/service`))
    .flatMap(({ items }) => Object.values(items))
    .flatMap((item) => (item.kind === "unit" ? [item.name] : []));
}

/** Whom an event of the history is about. */
function subjectOf({ agent, isService }: ControlRequest): Pick<HistoryEvent, "agent" | "service"> {
  return isService ? { service: agent } : { agent };
}

const UP = "Run `npx pulumi up` first.";
const MOVES = "`npx pulumi up` finishes the move, or ends it where fleet.yaml says that it stays.";

type Verb = (host: Host, request: ControlRequest, state: UnitState) => boolean;

const VERBS: Readonly<Record<ControlRequest["verb"], Verb>> = {
  start: (host, request, state) => {
    const { agent, unit } = request;
    const quarantine = readQuarantine(host, unit);
    if (quarantine !== undefined) {
      const why = `it is in quarantine since ${quarantine.since}: ${quarantine.reason}.`;
      throw refused(agent, why, `\`npx fleet release ${agent}\` frees it.`);
    }
    if (isRunning(state)) return false;
    record(host, [{ event: "asked", ...subjectOf(request), detail: `to start, by ${shown(request.by)}` }]);
    start(host, "start", unit);
    return true;
  },
  stop: (host, request, state) => {
    if (["inactive", "failed"].includes(state["ActiveState"] ?? "")) return false;
    record(host, [{ event: "asked", ...subjectOf(request), detail: `to stop, by ${shown(request.by)}` }]);
    stopUnit(host, request.unit);
    return true;
  },
  release: (host, request) => {
    const { agent, unit } = request;
    if (readQuarantine(host, unit) === undefined) throw refused(agent, "it is not in quarantine.");
    release(host, unit);
    record(host, [{ event: "released", ...subjectOf(request), detail: `by ${shown(request.by)}` }]);
    start(host, "start", unit);
    return true;
  },
};

function refused(agent: string, why: string, next?: string): MusterError {
  return new MusterError({ what: agent, why, ...(next !== undefined && { next }) });
}
