import { dirname, relative } from "node:path";
import { count } from "../../base/count.ts";
import { checkFleet } from "../../config/check-fleet.ts";
import { formatProblem } from "../../config/problem.ts";
import { recordedLogins } from "../../inventory/read-inventory.ts";
import { changedFile } from "../change/load-untrusted-fleet.ts";
import type { CommandDefinition } from "../command.ts";
import { byPriority, EXIT } from "../exit.ts";
import { fleetFile } from "../open-fleet.ts";
import { safeJson } from "../render/text.ts";

export const command: CommandDefinition = {
  usage: "validate [file]",
  summary: "show all errors in fleet.yaml; contacts no host",
  options: {
    "--change <dir>": "check the fleet.yaml in this checkout of a change; runs nothing from the checkout",
    "--json": "print JSON (docs/schema/validate.schema.json)",
  },
  async run({ args, options, io }) {
    const file = typeof options["change"] === "string" ? changedFile(options["change"]) : (args[0] ?? here());
    const { fleet, problems, warnings } = checkFleet(file, undefined, recordedLogins(dirname(file)));
    const codes = fleet === undefined ? [EXIT.invalid] : [];
    if (options["json"] === true) {
      const ordered = byPriority(codes);
      io.out(safeJson({ version: 1, exit: ordered[0], codes: ordered, file, problems, warnings }));
      return codes;
    }
    for (const warning of warnings) io.err(`warning: ${formatProblem(warning)}\n`);
    for (const problem of problems) io.out(`${formatProblem(problem)}\n`);
    if (fleet !== undefined) {
      const hosts = count(Object.keys(fleet.hosts).length, "host");
      io.out(`${file} is valid: ${hosts}, ${count(Object.keys(fleet.agents).length, "agent")}\n`);
    }
    return codes;
  },
};

/** Returns the path of the project's fleet.yaml relative to the current folder. */
function here(): string {
  return relative(process.cwd(), fleetFile()) || fleetFile();
}
