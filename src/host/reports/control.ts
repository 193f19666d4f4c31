import { MusterError } from "../../base/errors.ts";
import { agentUnit } from "../../model/host-paths.ts";
import type { ControlAnswer, ControlRequest, ControlVerb } from "../../model/protocol.ts";
import type { Host } from "../context.ts";
import { readRecords } from "../store/records.ts";
import { withResourceLock } from "../system/locks.ts";
import { showUnits } from "../units/systemctl.ts";
import { waitingForTurn } from "../units/turns.ts";
import { CONTROLS } from "./control-verbs.ts";

/** Whether a verb starts a unit. If so, the answer waits until the unit has run for a second. */
export const STARTS: Readonly<Record<ControlVerb, boolean>> = {
  start: true,
  stop: false,
  restart: true,
  pause: false,
  resume: true,
  release: true,
};

/** Changes whether an agent or a service runs, and records the request in the history. */
export function control(host: Host, request: ControlRequest): ControlAnswer {
  const { agent, unit, verb, isService } = request;
  const known = isService ? serviceUnits(host, agent) : [agentUnit(agent)];
  if (isService && known.length === 0) throw refused(agent, "it is not on this host.", UP);
  if (!known.includes(unit)) throw refused(agent, `${unit} is not its unit.`);
  return withResourceLock(host, unit, () => {
    const [state = {}] = showUnits(host, [unit]);
    if (state["LoadState"] === "not-found") throw refused(agent, "it is not on this host.", UP);
    if (STARTS[verb]) for (const hook of host.hooks) hook.beforeStart(host, agent, unit);
    const answer = CONTROLS[verb](host, request, state);
    const isWaiting =
      STARTS[verb] && answer.isDeferred === undefined && waitingForTurn(host, [unit]).has(unit);
    return { ...answer, ...(isWaiting && { isWaiting: true as const }) };
  });
}

/** Returns the units of a service, according to its records. */
function serviceUnits(host: Host, service: string): string[] {
  return readRecords(host)
    .filter(({ type, id }) => type === "Service" && id.endsWith(`/${service}/service`))
    .flatMap(({ items }) => Object.values(items))
    .flatMap((item) => (item.kind === "unit" ? [item.name] : []));
}

const UP = "Run `npx pulumi up` first.";

function refused(agent: string, why: string, next?: string): MusterError {
  return new MusterError({ what: agent, why, ...(next !== undefined && { next }) });
}
