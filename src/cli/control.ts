import { hostname, userInfo } from "node:os";
import { MusterError } from "../base/errors.ts";
import type { ControlVerb } from "../model/protocol.ts";
import { unitName } from "../resources/ids.ts";
import type { AgentSpec } from "../spec/fleet.ts";
import type { CommandDefinition } from "./command.ts";
import { withController } from "./connections.ts";
import { openFleet } from "./project.ts";
import { span } from "./render/agents.ts";
import { assertDeclared } from "./selection.ts";
import { settingsOf } from "./stack/settings.ts";

/** What is said of an agent after each verb, where that changed something and where not. */
const SAID: Readonly<Record<ControlVerb, readonly [changed: string, unchanged: string]>> = {
  start: ["runs", "runs already"],
  stop: ["is stopped", "was stopped already"],
  release: ["is free again, and runs", "is free"],
};

/** A command that has one verb carried out on one agent. */
export function controlCommand(verb: ControlVerb, summary: string): CommandDefinition {
  return {
    usage: `${verb} <agent>`,
    summary,
    options: { "--stack <name>": "by the way in of this stack" },
    async run({ args, options, io }) {
      const [name = ""] = args;
      const fleet = openFleet();
      assertDeclared("agent", name, fleet.agents);
      const agent = fleet.agents[name];
      if (agent === undefined) throw new MusterError({ what: name, why: "it is not declared." });
      const request = { op: "control", verb, agent: name, unit: unitName(agent), by: whoAsks() } as const;
      const stack = settingsOf(fleet, options["stack"]);
      const { changed } = await withController(fleet, stack, agent.host, (host) => host.control(request));
      io.out(`${name} ${SAID[verb][changed ? 0 : 1]}${changed ? untilWhen(verb, agent) : ""}\n`);
      return [];
    },
  };
}

/** How long that lasts. */
function untilWhen(verb: ControlVerb, { lifecycle }: AgentSpec): string {
  const isCore = lifecycle.kind === "core";
  if (verb === "stop") return isCore ? ", until `npx fleet start` or the next `npx pulumi up`" : "";
  return isCore ? "" : `, for ${span(lifecycle.ttl)} at most`;
}

/** Who asks, as far as this machine can tell. */
function whoAsks(): string {
  return `${userInfo().username}@${hostname()}`;
}
