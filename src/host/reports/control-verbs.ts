import { MusterError } from "../../base/errors.ts";
import type { HistoryKind } from "../../model/deadman.ts";
import { servicePolicyFile } from "../../model/host-paths.ts";
import type { ControlAnswer, ControlRequest, ControlVerb } from "../../model/protocol.ts";
import { shown } from "../../model/shorten-for-display.ts";
import type { Host } from "../context.ts";
import { readOwn } from "../store/state-files.ts";
import { deadmanState } from "../units/deadman-view-file.ts";
import { deferRestart } from "../units/deferred-restarts.ts";
import { clearPendingPause, deferPause, pauseUnit, readPendingPause } from "../units/pause.ts";
import { readPause, readQuarantine, release } from "../units/quarantine.ts";
import { isStopped, start, stopUnit } from "../units/start-stop.ts";
import { isRunning, showProperties, type UnitState } from "../units/systemctl.ts";
import { record } from "./history.ts";

/**
 * Carries out one verb for a unit that exists on the host, and records the verb in the history.
 *
 * @param state the unit's current state
 * @throws MusterError if the unit's state does not permit the verb
 */
type Control = (host: Host, request: ControlRequest, state: UnitState) => ControlAnswer;

const UNCHANGED: ControlAnswer = { changed: false };
const CHANGED: ControlAnswer = { changed: true };

export const CONTROLS: Readonly<Record<ControlVerb, Control>> = {
  start: (host, request, state) => {
    refuseKeptStopped(host, request);
    if (isRunning(state)) return UNCHANGED;
    note(host, request, "asked", "to start, ");
    start(host, "start", request.unit);
    return CHANGED;
  },
  stop: (host, request, state) => {
    const isParked = readPause(host, request.unit)?.park !== undefined;
    // A parked agent would start when its limit ends.
    if (isParked) release(host, request.unit);
    if (isStopped(state) && !isParked) return UNCHANGED;
    note(host, request, "asked", "to stop, ");
    stopUnit(host, request.unit);
    return CHANGED;
  },
  restart: (host, request, state) => {
    refuseKeptStopped(host, request);
    if (request.within !== undefined && isRunning(state))
      return restartWhenIdle(host, request, request.within);
    note(host, request, "asked", "to restart, ");
    start(host, "restart", request.unit);
    return CHANGED;
  },
  pause: (host, request, state) => {
    const { unit, by, within } = request;
    refuseUnstoppable(host, request);
    const pause = readPause(host, unit);
    if (pause !== undefined && pause.park === undefined) return UNCHANGED;
    if (within !== undefined && isRunning(state)) return pauseWhenIdle(host, request, within);
    pauseUnit(host, unit, by);
    note(host, request, "paused");
    if (!isStopped(state)) stopUnit(host, unit);
    return CHANGED;
  },
  resume: (host, request, state) => {
    const { unit } = request;
    const isPaused = readPause(host, unit) !== undefined;
    if (!isPaused && readPendingPause(host, unit) === undefined) return UNCHANGED;
    clearPendingPause(host, unit);
    if (isPaused) release(host, unit);
    note(host, request, "resumed");
    if (!isRunning(state)) start(host, "start", unit);
    return CHANGED;
  },
  release: (host, request) => {
    const { agent, unit } = request;
    refusePaused(host, request);
    if (readQuarantine(host, unit) === undefined) throw refused(agent, "it is not in quarantine.");
    release(host, unit);
    note(host, request, "released");
    start(host, "start", unit);
    return CHANGED;
  },
};

/** Lets the deadman restart an agent when the agent is idle. */
function restartWhenIdle(host: Host, request: ControlRequest, within: number): ControlAnswer {
  refuseWithoutDeadman(host, request);
  const { unit } = request;
  const [{ InvocationID: run = "" } = {}] = showProperties(host, [unit], ["InvocationID"]);
  const [since, by] = [new Date().toISOString(), shown(request.by)];
  deferRestart(host, unit, { restart: "when-idle", within, run, since, by });
  note(host, request, "asked", "to restart when it is idle, ");
  return { changed: true, isDeferred: true };
}

/** Lets the deadman pause an agent when the agent is idle. */
function pauseWhenIdle(host: Host, request: ControlRequest, within: number): ControlAnswer {
  refuseWithoutDeadman(host, request);
  const { unit, by } = request;
  deferPause(host, unit, { since: new Date().toISOString(), by: shown(by), within });
  note(host, request, "asked", "to pause when it is idle, ");
  return { changed: true, isDeferred: true };
}

function note(host: Host, request: ControlRequest, event: HistoryKind, what = ""): void {
  const { agent, isService, by } = request;
  const subject = isService ? { service: agent } : { agent };
  record(host, [{ event, ...subject, detail: `${what}by ${shown(by)}` }]);
}

function refuseKeptStopped(host: Host, request: ControlRequest): void {
  refusePaused(host, request);
  const quarantine = readQuarantine(host, request.unit);
  if (quarantine === undefined) return;
  const why = `it has been in quarantine since ${quarantine.since}: ${quarantine.reason}.`;
  throw refused(request.agent, why, `\`npx fleet release ${request.agent}\` releases it.`);
}

function refusePaused(host: Host, { agent, unit }: ControlRequest): void {
  const pause = readPause(host, unit);
  if (pause === undefined) return;
  const why =
    pause.park === undefined
      ? `it was paused by ${pause.by} at ${pause.since}.`
      : `it has been parked since ${pause.since}: ${pause.reason}.`;
  throw refused(agent, why, `\`npx fleet resume ${agent}\` starts it.`);
}

/**
 * Refuses to pause a service that has no `health`. The unit of such a service lacks the condition that prevents a start
 * at the next boot.
 */
function refuseUnstoppable({ paths }: Host, { agent, isService }: ControlRequest): void {
  if (!isService || readOwn(servicePolicyFile(agent, paths.hostd)) !== undefined) return;
  const why = "it has no `health`, so nothing on the host would keep it stopped.";
  throw refused(agent, why, "Use `running: false` in fleet.yaml instead.");
}

function refuseWithoutDeadman(host: Host, { agent, isService }: ControlRequest): void {
  if (isService)
    throw refused(agent, "only an agent can be idle.", "Repeat the command without --when-idle.");
  if (deadmanState(host) === "watching") return;
  const why = "the deadman of its host does not run, and only the deadman detects when the agent is idle.";
  throw refused(agent, why, "`npx fleet ps` shows what to do.");
}

function refused(agent: string, why: string, next?: string): MusterError {
  return new MusterError({ what: agent, why, ...(next !== undefined && { next }) });
}
