import { InvalidError } from "../../base/errors.ts";
import { visible } from "../../base/terminal-text.ts";
import { stderrProgress } from "../../engine/index.ts";
import type { CommandDefinition } from "../command.ts";
import { openFleet } from "../open-fleet.ts";
import { renderStacks, renderStacksJson } from "../render/stacks.ts";
import { addStack } from "../stack/add.ts";
import { listStacks } from "../stack/list.ts";

export const command: CommandDefinition = {
  usage: "stack <action> [name]",
  summary:
    "`stack add TENANT` or `stack add platform` creates a stack for a part of the fleet; `stack list` lists all stacks",
  options: { "--json": "with `stack list`: print JSON (docs/schema/stacks.schema.json)" },
  async run({ args: [action, name], options, io }) {
    if (action === "list" && name === undefined) {
      const rows = listStacks(openFleet());
      io.out(options["json"] === true ? renderStacksJson(rows) : renderStacks(rows));
    } else if (action === "add" && name !== undefined) {
      const lines = await addStack(openFleet(), name, stderrProgress());
      io.out(`${lines.map(visible).join("\n")}\n`);
    } else {
      const why =
        "the actions are `fleet stack add TENANT`, `fleet stack add platform` and `fleet stack list`.";
      throw new InvalidError({ what: "this action is unknown", why });
    }
    return [];
  },
};
