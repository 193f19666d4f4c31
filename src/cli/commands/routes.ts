import { InvalidError } from "../../base/errors.ts";
import { visible } from "../../base/terminal-text.ts";
import type { Fleet } from "../../config/fleet.ts";
import { matchingRoutes, type RouteAnswer, routeTask } from "../../model/routes.ts";
import type { CommandDefinition } from "../command.ts";
import { openFleet } from "../open-fleet.ts";
import { table } from "../render/table.ts";
import { safeJson } from "../render/text.ts";
import { assertDeclared } from "../selection.ts";

export const command: CommandDefinition = {
  usage: "routes test <text...>",
  summary: "show where a task with this text goes, for each agent; contacts no host",
  options: {
    "--agent <name>": "only this agent",
    "--json": "print JSON (docs/schema/routes.schema.json)",
  },
  async run({ args, options, io }) {
    const [verb, ...words] = args;
    if (verb !== "test" || words.length === 0) throw usage(verb);
    const fleet = openFleet();
    const text = words.join(" ");
    const answers = agentsIn(fleet, options["agent"]).map((agent) =>
      routeTask(Object.values(fleet.routes), agent, text),
    );
    if (options["json"] === true) io.out(safeJson({ version: 1, exit: 0, codes: [0], answers }));
    else io.out(`${matchText(fleet, text)}\n${table(answers.map(rowOf), "  ")}`);
    return [];
  },
};

function usage(verb: string | undefined): InvalidError {
  return new InvalidError({
    what: verb === "test" ? "fleet routes test" : `fleet routes ${JSON.stringify(verb ?? "")}`,
    why: "the command is `npx fleet routes test TEXT`.",
  });
}

function agentsIn(fleet: Fleet, agent: string | boolean | undefined): string[] {
  if (typeof agent !== "string") return Object.keys(fleet.agents);
  assertDeclared("agent", agent, fleet.agents);
  return [agent];
}

/** Returns a sentence about the routes that the text matches. */
function matchText({ routes }: Fleet, text: string): string {
  const found = matchingRoutes(Object.values(routes), text);
  if (found.length === 0) return "No route matches this text:";
  const each = found.map(({ route, pattern }) => `${route.capability} (pattern "${visible(pattern)}")`);
  return `This text matches ${each.join(", ")}:`;
}

function rowOf(answer: RouteAnswer): string[] {
  return [answer.agent, answer.allowed ? "does it itself" : `goes to ${answer.to} (${answer.capability})`];
}
