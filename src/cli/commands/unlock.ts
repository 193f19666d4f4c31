import { stderrProgress, unlockStack } from "../../engine/index.ts";
import type { CommandDefinition } from "../command.ts";

export const command: CommandDefinition = {
  usage: "unlock",
  summary: "remove the lock that a killed run left on a stack; never that of a run at work",
  options: {
    "--stack <name>": "this stack, not the selected one",
    "--force": "also the lock of a run on another machine, which nobody can see from here: it tells whose",
  },
  async run({ options, io }) {
    const named = typeof options["stack"] === "string" ? options["stack"] : undefined;
    const { stack, locks } = await unlockStack(named, options["force"] === true, stderrProgress());
    io.out(locks === 0 ? `Stack ${stack} is not locked.\n` : `Stack ${stack} is unlocked.\n`);
    return [];
  },
};
