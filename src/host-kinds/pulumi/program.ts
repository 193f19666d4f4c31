import type { Input, Inputs } from "@pulumi/pulumi";
import { InvalidError } from "../../base/errors.ts";
import { mapValues } from "../../base/objects.ts";
import type { HostKindProgramModule, HostMachine, ProgramContext } from "../../program/host-machines.ts";
import { aliasesOf, FleetResource, isolateSource, outputOf } from "../../program/muster-resource.ts";
import type { FleetMachine } from "../../program/public-types.ts";
import { output } from "../../program/pulumi-sdk.ts";
import type { PulumiHostSpec } from "./index.ts";

/** Declares a PulumiHost for each host whose address the program has passed to `Fleet`. */
export const makeMachines: HostKindProgramModule<PulumiHostSpec>["makeMachines"] = async (
  hosts,
  _fleet,
  program,
) => new Map(hosts.map((host) => [host.name, makeHost(host, program)]));

function makeHost(
  { name, formerly, protect }: PulumiHostSpec,
  { component: parent, machines }: ProgramContext,
): HostMachine {
  const machine = machines[name];
  if (machine === undefined) throw noAddress(name, parent === undefined);
  const aliases = aliasesOf("PulumiHost", name, formerly, parent);
  const inputs = { host: name, ...inputsOf(machine), ...(protect && { protect }) };
  const host = new FleetResource("PulumiHost", name, inputs, { parent, protect, aliases });
  return { ended: host.ended, machine: host.value("machine") };
}

/**
 * Returns the program's values as inputs. A value becomes empty if the resource that provides it has failed. The
 * provider then refuses to contact this machine, but the other hosts converge.
 */
function inputsOf({ address, machine = address, user, port, keys }: FleetMachine): Inputs {
  const values: Record<string, Input<unknown> | undefined> = { address, machine, user, port, keys };
  const given = Object.entries(values).filter(([, value]) => value !== undefined);
  return mapValues(Object.fromEntries(given), (value) => {
    isolateSource(value as Input<unknown>);
    return outputOf(output(value as Input<unknown>), "");
  });
}

function noAddress(name: string, isOwn: boolean): InvalidError {
  return new InvalidError({
    where: name,
    what: "its address is not known",
    why: isOwn
      ? "fleet.yaml declares this host with `kind: pulumi`, but this project runs Muster's own program, which creates no machine for it."
      : "fleet.yaml declares this host with `kind: pulumi`, but the program does not pass its address to `Fleet`.",
    next: isOwn
      ? "Declare it with `kind: ssh` and its address, or write your own Pulumi program: see docs/own-program.md."
      : `Add it: new Fleet("fleet", { hosts: { ${name}: { address: server.ipv4Address } } }).`,
  });
}
