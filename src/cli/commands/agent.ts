import { InvalidError } from "../../base/errors.ts";
import type { CommandDefinition } from "../command.ts";
import { command as send } from "./send.ts";
import { command as watch } from "./watch.ts";

const COMMANDS: Readonly<Record<string, CommandDefinition>> = { watch, send };

/** Runs a command under the name that it has in other tools: `fleet agent watch` is `fleet watch`. */
export const command: CommandDefinition = {
  usage: "agent <command> <name> [text]",
  summary: "`agent watch` is the same as `watch`, and `agent send` is the same as `send`",
  options: { ...watch.options, ...send.options },
  async run(input) {
    const [word = "", ...args] = input.args;
    const command = Object.hasOwn(COMMANDS, word) ? COMMANDS[word] : undefined;
    if (command === undefined) {
      const why = "it is not a command for an agent.";
      throw new InvalidError({ what: JSON.stringify(word), why, next: "Use `agent watch` or `agent send`." });
    }
    if (command === send && args.length < 2)
      throw new InvalidError({
        what: "agent send",
        why: "the text is missing.",
        next: "`-` reads it from stdin.",
      });
    return command.run({ ...input, args });
  },
};
