import { MusterError } from "../base/errors.ts";
import { agentUnit } from "../model/layout.ts";
import type { ControlAnswer, ControlRequest } from "../model/protocol.ts";
import { shown } from "../model/shown.ts";
import type { Host } from "./context.ts";
import { record } from "./history.ts";
import { start, stopUnit } from "./kinds/unit.ts";
import { withResourceLock } from "./lock.ts";
import { markOf } from "./moves/marks.ts";
import { quarantineOf, release } from "./quarantine.ts";
import { isRunning, showUnits, type UnitState } from "./systemctl.ts";

/** Starts, stops or releases an agent, and puts it down in the history. */
export function control(host: Host, request: ControlRequest): ControlAnswer {
  const { agent, unit, verb } = request;
  if (unit !== agentUnit(agent)) throw refused(agent, `${unit} is not its unit.`);
  return withResourceLock(host, unit, () => {
    const [state = {}] = showUnits(host, [unit]);
    if (state["LoadState"] === "not-found") throw refused(agent, "it is not on this host.", UP);
    const { other } = markOf(host, agent) ?? {};
    const isHeld = quarantineOf(host, unit) !== undefined;
    if (other !== undefined && isHeld && verb !== "stop")
      throw refused(agent, `it is about to move (${other}).`, MOVES);
    return { changed: VERBS[verb](host, request, state) };
  });
}

const UP = "Run `npx pulumi up` first.";
const MOVES = "`npx pulumi up` finishes the move, or ends it where fleet.yaml says that it stays.";

type Verb = (host: Host, request: ControlRequest, state: UnitState) => boolean;

const VERBS: Readonly<Record<ControlRequest["verb"], Verb>> = {
  start: (host, request, state) => {
    const { agent, unit } = request;
    const quarantine = quarantineOf(host, unit);
    if (quarantine !== undefined) {
      const why = `it is in quarantine since ${quarantine.since}: ${quarantine.reason}.`;
      throw refused(agent, why, `\`npx fleet release ${agent}\` frees it.`);
    }
    if (isRunning(state)) return false;
    record(host, [{ event: "asked", agent: request.agent, detail: `to start, by ${shown(request.by)}` }]);
    start(host, "start", unit);
    return true;
  },
  stop: (host, request, state) => {
    if (["inactive", "failed"].includes(state["ActiveState"] ?? "")) return false;
    record(host, [{ event: "asked", agent: request.agent, detail: `to stop, by ${shown(request.by)}` }]);
    stopUnit(host, request.unit);
    return true;
  },
  release: (host, request) => {
    const { agent, unit } = request;
    if (quarantineOf(host, unit) === undefined) throw refused(agent, "it is not in quarantine.");
    release(host, unit);
    record(host, [{ event: "released", agent, detail: `by ${shown(request.by)}` }]);
    start(host, "start", unit);
    return true;
  },
};

function refused(agent: string, why: string, next?: string): MusterError {
  return new MusterError({ what: agent, why, ...(next !== undefined && { next }) });
}
