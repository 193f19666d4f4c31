import { FleetResource } from "../../program/fleet-resource.ts";
import type { HostKindProgramModule } from "../../program/host-machines.ts";
import type { LocalHostSpec } from "./index.ts";

/** Declares a LocalHost resource for each local host. */
export const makeMachines: HostKindProgramModule<LocalHostSpec>["makeMachines"] = async (hosts) =>
  new Map(hosts.map((host) => [host.name, makeLocalHost(host)]));

function makeLocalHost({ name, formerly, protect }: LocalHostSpec): FleetResource {
  const inputs = { host: name, running: true, ...(protect && { protect }) };
  const aliases = formerly.map((former) => ({ name: former }));
  return new FleetResource("LocalHost", name, inputs, { protect, aliases });
}
