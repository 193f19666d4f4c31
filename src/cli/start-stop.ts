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

/** What is said of an agent after each verb, where that changed something and where not. */
const SAID: Readonly<Record<ControlVerb, readonly [changed: string, unchanged: string]>> = {
  start: ["runs", "runs already"],
  stop: ["is stopped", "was stopped already"],
  release: ["is free again, and runs", "is free"],
};

/** A command that has one verb carried out on one agent or service. */
export function controlCommand(verb: ControlVerb, summary: string): CommandDefinition {
  return {
    usage: `${verb} <name>`,
    summary,
    options: { "--stack <name>": "with the login of this stack" },
    async run({ args, options, io }) {
      const [name = ""] = args;
      const fleet = openFleet();
      assertDeclared("agent or service", name, { ...fleet.agents, ...fleet.services });
      const { host, of, isLasting } = subjectOf(fleet, name);
      const request = { op: "control", verb, agent: name, ...of, by: whoAsks() } as const;
      const stack = settingsOf(fleet, options["stack"]);
      const { changed } = await withController(fleet, stack, host, (one) => one.control(request));
      io.out(`${name} ${SAID[verb][changed ? 0 : 1]}${changed ? untilWhen(verb, isLasting) : ""}\n`);
      return [];
    },
  };
}

interface Subject {
  readonly host: string;
  readonly of: Pick<ControlRequest, "unit" | "isService">;
  /** Whether it is always on, or for how many seconds. */
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

/** Two units would run one agent. */
function notTakenOver(agent: AgentSpec): InvalidError {
  const unit = runningUnit(agent);
  return new InvalidError({
    what: agent.name,
    why: `it runs in ${unit} still, which is not Muster's to start or stop.`,
    next: `Take \`takeOver: later\` out and run \`npx pulumi up\`; until then: \`npx fleet ssh ${agent.host} -- systemctl … ${unit}\`.`,
  });
}

/** How long that lasts. */
function untilWhen(verb: ControlVerb, isLasting: Subject["isLasting"]): string {
  const isCore = isLasting === true;
  if (verb === "stop") return isCore ? ", until `npx fleet start` or the next `npx pulumi up`" : "";
  return isCore ? "" : `, for ${span(isLasting)} at most`;
}

/** Who asks, as far as this machine can tell. */
function whoAsks(): string {
  return `${userInfo().username}@${hostname()}`;
}
