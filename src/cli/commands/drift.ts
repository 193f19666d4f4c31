import { DRIFT_OPTIONS, driftOf } from "../check-drift.ts";
import type { CommandDefinition, CommandInput } from "../command.ts";
import { codesOf, type FleetReport } from "../observe/fleet-report.ts";
import { renderDrift } from "../render/drift.ts";
import { renderDriftJson } from "../render/drift-json.ts";
import { renderMarkdown } from "../render/markdown.ts";

export const command: CommandDefinition = {
  usage: "drift",
  summary: "show how the hosts differ from fleet.yaml, property by property; writes nothing",
  options: {
    ...DRIFT_OPTIONS,
    "--change <dir>": "also show what the change in this checkout would do; runs nothing from the checkout",
    "--cloud":
      "also check the hosts' machines, such as droplets; needs the engine, the state and its passphrase",
    "--json": "print JSON (docs/schema/drift.schema.json)",
    "--markdown": "print Markdown",
  },
  async run({ options, io }) {
    const report = await driftOf(options);
    io.out(rendererFor(options)(report));
    return codesOf(report);
  },
};

function rendererFor(options: CommandInput["options"]): (report: FleetReport) => string {
  if (options["json"] === true) return renderDriftJson;
  return options["markdown"] === true ? renderMarkdown : renderDrift;
}
