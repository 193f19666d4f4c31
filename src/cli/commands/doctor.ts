import type { CommandDefinition } from "../command.ts";
import { checkMachine } from "../doctor/checks.ts";
import { byPriority, EXIT } from "../exit.ts";
import { renderChecks } from "../render/checks.ts";
import { safeJson } from "../render/text.ts";

export const command: CommandDefinition = {
  usage: "doctor",
  summary: "show what this machine lacks and the commands that fix it; changes nothing",
  options: {
    "--hosts": "also connect to every host",
    "--json": "print JSON (docs/schema/doctor.schema.json)",
  },
  async run({ options, io }) {
    const checks = await checkMachine(options["hosts"] === true);
    const codes = checks.some((check) => check.ok === false) ? [EXIT.failure] : [];
    const ordered = byPriority(codes);
    const result = { version: 1, exit: ordered[0], codes: ordered, checks };
    io.out(options["json"] === true ? safeJson(result) : renderChecks(checks));
    return codes;
  },
};
