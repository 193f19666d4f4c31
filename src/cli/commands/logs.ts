import { setTimeout } from "node:timers/promises";
import { InvalidError } from "../../base/errors.ts";
import type { CommandDefinition } from "../command.ts";
import { newLines, renderLogs } from "../render/logs.ts";
import { findAgent, withAgentHost } from "../watch/agent-connection.ts";

/** The default number of journal entries, and of terminal lines, to show. */
const LAST = 200;

/** The number of milliseconds between two requests with --follow. */
const INTERVAL = 500;

export const command: CommandDefinition = {
  usage: "logs <name>",
  summary: "print the journal of an agent's unit, and the content and history of its terminal",
  options: {
    "-f, --follow": "print new entries and lines as they appear",
    "--last <number>": `the maximum number of entries and of lines (default: ${LAST})`,
    "--stack <name>": "use the login of this stack",
  },
  async run({ args: [name = ""], options, io }) {
    const found = findAgent(name);
    const last = lastOf(options["last"]);
    await withAgentHost(found, options["stack"], async (controller) => {
      let answer = await controller.log({ op: "log", agent: name, last });
      io.out(renderLogs(answer, answer.pane ?? []));
      while (options["follow"] === true && !io.closed()) {
        await setTimeout(INTERVAL);
        const { cursor, pane = [] } = answer;
        const next = await controller.log({ op: "log", agent: name, last, ...(cursor && { cursor }) });
        io.out(renderLogs(next, newLines(pane, next.pane ?? [])));
        answer = { ...next, pane: next.pane ?? pane };
      }
    });
    return [];
  },
};

function lastOf(option: string | boolean | undefined): number {
  if (option === undefined) return LAST;
  const last = Number(option);
  if (Number.isInteger(last) && last > 0 && last <= 100_000) return last;
  throw new InvalidError({
    what: `--last ${JSON.stringify(option)}`,
    why: "it must be a whole number from 1 to 100000.",
  });
}
