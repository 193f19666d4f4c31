import type { HostKindProgramModule, ProgramContext } from "../../program/host-machines.ts";
import { aliasesOf, FleetResource } from "../../program/muster-resource.ts";
import type { LocalHostSpec } from "./index.ts";

/** Declares a LocalHost resource for each local host. */
export const makeMachines: HostKindProgramModule<LocalHostSpec>["makeMachines"] = async (
  hosts,
  _fleet,
  program,
) => new Map(hosts.map((host) => [host.name, makeLocalHost(host, program)]));

function makeLocalHost(
  { name, formerly, protect }: LocalHostSpec,
  { component: parent }: ProgramContext,
): FleetResource {
  const inputs = { host: name, running: true, ...(protect && { protect }) };
  const aliases = aliasesOf("LocalHost", name, formerly, parent);
  return new FleetResource("LocalHost", name, inputs, { parent, protect, aliases });
}
