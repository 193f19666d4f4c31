import type { CommandDefinition, Given } from "../command.ts";
import { DRIFT_OPTIONS, driftOf } from "../drift-result.ts";
import { codesOf, type FleetReport } from "../observe/fleet-report.ts";
import { renderDrift } from "../render/drift.ts";
import { renderDriftJson } from "../render/drift-json.ts";
import { renderMarkdown } from "../render/markdown.ts";

export const command: CommandDefinition = {
  usage: "drift",
  summary: "show what differs on the hosts from fleet.yaml, per property; writes nothing",
  options: {
    ...DRIFT_OPTIONS,
    "--change <dir>": "tell also what a checkout of a change would do; it is taken as data",
    "--cloud": "look also at what the engine alone sees; needs the engine, the state and its passphrase",
    "--json": "print JSON (docs/schema/drift.schema.json)",
    "--markdown": "print Markdown",
  },
  async run({ options, io }) {
    const report = await driftOf(options);
    io.out(rendererFor(options)(report));
    return codesOf(report);
  },
};

function rendererFor(options: Given["options"]): (report: FleetReport) => string {
  if (options["json"] === true) return renderDriftJson;
  return options["markdown"] === true ? renderMarkdown : renderDrift;
}
