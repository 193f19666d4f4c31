import { hostname, userInfo } from "node:os";
import { InvalidError, MusterError } from "../base/errors.ts";
import type { AgentSpec, Fleet } from "../config/fleet.ts";
import type { ControlRequest, ControlVerb } from "../model/protocol.ts";
import { runningUnit, unitName } from "../resources/unit-names.ts";
import type { CommandDefinition } from "./command.ts";
import { withController } from "./connections.ts";
import { openFleet } from "./open-fleet.ts";
import { span } from "./render/agents.ts";
import { assertDeclared } from "./selection.ts";
import { settingsOf } from "./stack/settings.ts";

/** The texts to print for each verb, if the command has changed something and if it has not. */
const RESULTS: Readonly<Record<ControlVerb, readonly [changed: string, unchanged: string]>> = {
  start: ["is running", "is already running"],
  stop: ["is stopped", "was already stopped"],
  release: ["is free again and running", "is not in quarantine"],
};

/** Creates a command that carries out one verb on one agent or service. */
export function controlCommand(verb: ControlVerb, summary: string): CommandDefinition {
  return {
    usage: `${verb} <name>`,
    summary,
    options: { "--stack <name>": "use the login of this stack" },
    async run({ args, options, io }) {
      const [name = ""] = args;
      const fleet = openFleet();
      assertDeclared("agent or service", name, { ...fleet.agents, ...fleet.services });
      const { host, of, isLasting } = subjectOf(fleet, name);
      const request = { op: "control", verb, agent: name, ...of, by: requester() } as const;
      const stack = settingsOf(fleet, options["stack"]);
      const { changed } = await withController(fleet, stack, host, (one) => one.control(request));
      io.out(`${name} ${RESULTS[verb][changed ? 0 : 1]}${changed ? untilWhen(verb, isLasting) : ""}\n`);
      return [];
    },
  };
}

interface Subject {
  readonly host: string;
  readonly of: Pick<ControlRequest, "unit" | "isService">;
  /** True if the agent or service is always on; otherwise the number of seconds that it may run. */
  readonly isLasting: true | number;
}

function subjectOf(fleet: Fleet, name: string): Subject {
  const [agent, service] = [fleet.agents[name], fleet.services[name]];
  if (agent !== undefined) {
    const { host, lifecycle } = agent;
    if (agent.takeOver === "later") throw notTakenOver(agent);
    return { host, of: { unit: unitName(agent) }, isLasting: lifecycle.kind === "core" || lifecycle.ttl };
  }
  if (service === undefined) throw new MusterError({ what: name, why: "it is not declared." });
  return { host: service.host, of: { unit: service.unit, isService: true }, isLasting: true };
}

/** Returns the error for an agent that another unit still runs: Muster must not start the agent twice. */
function notTakenOver(agent: AgentSpec): InvalidError {
  const unit = runningUnit(agent);
  return new InvalidError({
    what: agent.name,
    why: `it still runs in ${unit}, which Muster does not start or stop.`,
    next: `Remove \`takeOver: later\` and run \`npx pulumi up\`; until then, use \`npx fleet ssh ${agent.host} -- systemctl … ${unit}\`.`,
  });
}

/** Returns how long the new state lasts, as the end of a sentence. */
function untilWhen(verb: ControlVerb, isLasting: Subject["isLasting"]): string {
  const isCore = isLasting === true;
  if (verb === "stop") return isCore ? ", until `npx fleet start` or the next `npx pulumi up`" : "";
  return isCore ? "" : `, for at most ${span(isLasting)}`;
}

/** Returns who runs the command, for the history. */
function requester(): string {
  return `${userInfo().username}@${hostname()}`;
}
