import { WHOLE_FLEET } from "../../model/stack-slice.ts";
import type { CommandDefinition } from "../command.ts";
import { withHosts } from "../connections.ts";
import { codesOfHosts, observeHosts } from "../observe/hosts.ts";
import { observedMachine } from "../observe-only/machine.ts";
import { openFleet } from "../open-fleet.ts";
import { renderHosts, renderHostsJson } from "../render/hosts.ts";
import { selectionOf } from "../selection.ts";

export const command: CommandDefinition = {
  usage: "hosts",
  summary: "show how every host itself is doing: disks, memory, load, failed units",
  options: {
    "--host <name>": "only this host",
    "--json": "print JSON (docs/schema/hosts.schema.json)",
  },
  async run({ options, io }) {
    const fleet = openFleet();
    const selection = selectionOf(fleet, options);
    const report = await withHosts(fleet, WHOLE_FLEET, (open) =>
      observeHosts(fleet, selection, open, (host) => observedMachine(fleet, host)),
    );
    io.out(options["json"] === true ? renderHostsJson(report) : renderHosts(report));
    return codesOfHosts(report);
  },
};
