import { join } from "node:path";
import { InvalidError } from "../base/errors.ts";
import { projectDir } from "../base/paths.ts";
import { installedRuntime } from "../base/runtime.ts";
import type { Declaration } from "../model/declaration.ts";
import { toWire } from "../model/wire.ts";
import { compilePlan } from "../resources/index.ts";
import type { Fleet } from "../spec/fleet.ts";
import { loadFleet } from "../spec/load.ts";
import { keepContents } from "./contents.ts";
import { FleetResource } from "./resource.ts";

/** Registers the whole fleet with the engine: local hosts, then what should be on every host. */
export function deployFleet(): void {
  const project = projectDir();
  if (project === undefined) {
    throw new InvalidError({ what: "no project", why: "there is no Pulumi.yaml here or above." });
  }
  const fleet = loadFleet(join(project, "fleet.yaml"));
  const plan = compilePlan(fleet, installedRuntime());
  keepContents(project, plan.contents);
  const machines = bootLocalHosts(fleet);
  const made = new Map<string, FleetResource>();
  for (const declaration of plan.declarations) {
    made.set(declaration.id, declare(declaration, made, machines.get(declaration.host)));
  }
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
