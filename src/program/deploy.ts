import { join } from "node:path";
import { Config } from "@pulumi/pulumi";
import { InvalidError } from "../base/errors.ts";
import { projectDir } from "../base/paths.ts";
import { installedRuntime } from "../base/runtime.ts";
import type { Declaration } from "../model/declaration.ts";
import { inSlice, type StackSettings, stackSettings } from "../model/slice.ts";
import { toWire } from "../model/wire.ts";
import { compilePlan } from "../resources/index.ts";
import { checkTenant } from "../spec/check-tenant.ts";
import type { Fleet } from "../spec/fleet.ts";
import { loadFleet } from "../spec/load.ts";
import { keepContents } from "./contents.ts";
import { FleetResource } from "./resource.ts";

/** Registers the stack's slice of the fleet with the engine: local hosts, then what should be on every host. */
export function deployFleet(): void {
  const project = projectDir();
  if (project === undefined) {
    throw new InvalidError({ what: "no project", why: "there is no Pulumi.yaml here or above." });
  }
  const fleet = loadFleet(join(project, "fleet.yaml"));
  const { slice } = settingsOf(fleet);
  const plan = compilePlan(fleet, installedRuntime());
  keepContents(project, plan.contents);
  const machines = inSlice(slice, { type: "LocalHost" }) ? bootLocalHosts(fleet) : new Map();
  const made = new Map<string, FleetResource>();
  // What another stack has must be there already, so nothing waits for it.
  for (const declaration of plan.declarations.filter((one) => inSlice(slice, one))) {
    made.set(declaration.id, declare(declaration, made, machines.get(declaration.host)));
  }
}

/** @throws InvalidError where the stack is for a tenant that fleet.yaml does not know, or gives no stack */
function settingsOf(fleet: Fleet): StackSettings {
  const config = new Config("muster");
  const settings = stackSettings((name) => config.get(name));
  checkTenant(fleet, settings.slice);
  return settings;
}

/** The hosts that Muster boots itself. */
function bootLocalHosts(fleet: Fleet): Map<string, FleetResource> {
  const local = Object.values(fleet.hosts).filter((host) => host.kind === "local");
  return new Map(
    local.map(({ name }) => [name, new FleetResource("LocalHost", name, { host: name, running: true }, {})]),
  );
}

/** `deletedWith`: with its disk gone, a local host's resources need no delete of their own. */
function declare(
  declaration: Declaration,
  made: ReadonlyMap<string, FleetResource>,
  machine: FleetResource | undefined,
): FleetResource {
  const needs = declaration.needs.flatMap((id) => made.get(id)?.ended ?? []);
  const { id, host, items } = declaration;
  return new FleetResource(
    declaration.type,
    id,
    {
      resource: id,
      host,
      items: Object.fromEntries(Object.entries(items).map(([name, item]) => [name, toWire(item)])),
    },
    {
      dependsOn: machine === undefined ? needs : [machine.ended, ...needs],
      ...(machine === undefined ? {} : { deletedWith: machine.standIn }),
    },
  );
}
