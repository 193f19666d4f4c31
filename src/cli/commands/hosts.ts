import { codesOfHosts, observeHosts } from "../observe/hosts.ts";
import { observedMachine } from "../observe-only/machine.ts";
import { renderHosts, renderHostsJson } from "../render/hosts.ts";
import { reportCommand } from "../report-command.ts";

export const command = reportCommand({
  usage: "hosts",
  summary: "show the health of every host: disks, memory, load, failed units",
  options: { "--host <name>": "only this host" },
  schema: "hosts",
  observe: (fleet, selection, open) =>
    observeHosts(fleet, selection, open, (host) => observedMachine(fleet, host)),
  render: renderHosts,
  renderJson: renderHostsJson,
  codes: codesOfHosts,
});
