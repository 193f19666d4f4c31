import { stderrProgress, unlockStack } from "../../engine/index.ts";
import { type CommandDefinition, textOption } from "../command.ts";

export const command: CommandDefinition = {
  usage: "unlock",
  summary: "remove the lock that a killed run left on a stack, but never the lock of an active run",
  options: {
    "--stack <name>": "use this stack instead of the selected one",
    "--force": "also remove locks of runs on other machines, which cannot be checked from here",
  },
  async run({ options, io }) {
    const named = textOption(options["stack"]);
    const { stack, locks } = await unlockStack(named, options["force"] === true, stderrProgress());
    io.out(locks === 0 ? `Stack ${stack} is not locked.\n` : `Stack ${stack} is unlocked.\n`);
    return [];
  },
};
