import { parseArgs } from "node:util";
import { routeTask } from "../../model/routes.ts";
import {
  AGENT_EXIT,
  type AgentCommandIo,
  agentOfCommand,
  HOST_IO,
  readRoutes,
  runAgentCommand,
} from "./agent-command-io.ts";

const USAGE = "usage: muster route [--agent NAME] [TEXT...]   (without TEXT, the task is read from stdin)\n";

/**
 * Runs `muster route` on a host: decides whether the agent may do a task itself, and prints the answer as one line of
 * JSON. The command reads only the routes that `up` has written, so it needs no rights and no model.
 *
 * @returns the exit code. A dispatcher must start no work after any code except 0
 */
export function runRoute(words: readonly string[], io: AgentCommandIo = HOST_IO): number {
  return runAgentCommand({ name: "muster route", usage: USAGE, io }, parse(words), (given) => {
    const routes = readRoutes(io.file);
    const agent = agentOfCommand(routes, io, given.agent);
    const answer = routeTask(routes.routes, agent, given.text ?? io.stdin());
    io.out(`${JSON.stringify(answer)}\n`);
    return answer.allowed ? AGENT_EXIT.done : AGENT_EXIT.goesElsewhere;
  });
}

/** Parses the command line. @returns undefined if it is invalid */
function parse(words: readonly string[]) {
  try {
    const options = { agent: { type: "string" } } as const;
    const { values, positionals } = parseArgs({ args: [...words], options, allowPositionals: true });
    const text = positionals.length > 0 ? positionals.join(" ") : undefined;
    return { agent: values.agent, text };
  } catch {
    return undefined;
  }
}
