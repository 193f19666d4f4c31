import { InvalidError } from "../../base/errors.ts";
import { textOf } from "../../model/screen.ts";
import type { CommandDefinition } from "../command.ts";
import { findAgent, withAgentHost } from "../watch/agent-connection.ts";
import { cellText } from "../watch/draw-screen.ts";
import { showLive } from "../watch/live-view.ts";
import { applyAnswer, NO_PANE } from "../watch/pane-copy.ts";

export const command: CommandDefinition = {
  usage: "watch <name>",
  summary:
    "show the live terminal of an agent, read-only; `watch NAME --takeover` also types there, for example to answer a question",
  options: {
    "--takeover":
      "also type at the terminal, for example to answer a question; Ctrl-] leaves; the history records who typed and when",
    "--once": "print the text of the screen, and exit; this is the default without a terminal",
    "--stack <name>": "use the login of this stack",
  },
  async run({ args: [name = ""], options, io }) {
    const found = findAgent(name);
    const isTakeover = options["takeover"] === true;
    const { stdin: input, stdout: output } = process;
    const isLive = options["once"] !== true && input.isTTY === true && output.isTTY === true;
    if (isTakeover && !isLive) {
      const why = "a takeover needs a terminal for input and output.";
      throw new InvalidError({
        what: `${name} was not taken over`,
        why,
        next: "Use `fleet send` in a script.",
      });
    }
    await withAgentHost(found, options["stack"], async (controller) => {
      if (isLive)
        return showLive(controller, { input, output }, { agent: name, host: found.agent.host, isTakeover });
      const { rows } = applyAnswer(NO_PANE, await controller.pane({ op: "pane", agent: name, after: 0 }));
      const lines = rows.map((row) => cellText(textOf(row)).trimEnd());
      io.out(`${lines.join("\n").trimEnd()}\n`);
    });
    return [];
  },
};
