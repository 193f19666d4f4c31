import { installedRuntime } from "../../base/runtime.ts";
import { compilePlan } from "../../resources/index.ts";
import type { CommandDefinition, Given } from "../command.ts";
import { withHosts } from "../connections.ts";
import { observeFleet } from "../observe.ts";
import { openFleet } from "../project.ts";
import { renderDrift } from "../render/drift.ts";
import { renderDriftJson } from "../render/drift-json.ts";
import { renderMarkdown } from "../render/markdown.ts";
import { codesOf, type FleetReport } from "../report.ts";
import { selectionOf } from "../selection.ts";
import { settingsOf } from "../stack/settings.ts";

export const command: CommandDefinition = {
  usage: "drift",
  summary: "show what differs on the hosts from fleet.yaml, per property; writes nothing",
  options: {
    "--host <name>": "only this host",
    "--tenant <name>": "only this tenant's agents",
    "--stack <name>": "only what this stack has, by its own way in; needs no passphrase",
    "--json": "print JSON (docs/schema/drift.schema.json)",
    "--markdown": "print Markdown",
  },
  async run({ options, io }) {
    const fleet = openFleet();
    const stack = settingsOf(fleet, options["stack"]);
    const selection = selectionOf(fleet, options, stack.slice);
    const plan = compilePlan(fleet, installedRuntime());
    const report = await withHosts(fleet, stack, (open) => observeFleet(fleet, plan, selection, open));
    io.out(rendererFor(options)(report));
    return codesOf(report);
  },
};

function rendererFor(options: Given["options"]): (report: FleetReport) => string {
  if (options["json"] === true) return renderDriftJson;
  return options["markdown"] === true ? renderMarkdown : renderDrift;
}
