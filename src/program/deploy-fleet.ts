import { join } from "node:path";
import { type Alias, Config, getProject, getStack, type Inputs } from "@pulumi/pulumi";
import { InvalidError } from "../base/errors.ts";
import { installedRuntime } from "../base/installed-version.ts";
import { projectDir } from "../base/muster-folders.ts";
import { mapValues } from "../base/objects.ts";
import { checkTenant } from "../config/check-tenant.ts";
import type { Fleet, HostSpec } from "../config/fleet.ts";
import { loadFleet } from "../config/load-fleet.ts";
import type { Declaration, Plan } from "../model/declaration.ts";
import { FORMER_TYPES, formerIdentityId } from "../model/former-agent.ts";
import { byPart } from "../model/parts.ts";
import { hostId } from "../model/resource-id.ts";
import { inSlice, type Slice, type StackSettings, stackSettings } from "../model/stack-slice.ts";
import { toWire } from "../model/wire-items.ts";
import { compilePlan } from "../resources/index.ts";
import { FleetResource } from "./fleet-resource.ts";
import { type HostMachine, hasMachine, makeHostMachines } from "./host-machines.ts";
import { keepContents } from "./keep-contents.ts";
import { callPreflight } from "./preflight.ts";
import { type StackOutputs, stackOutputs } from "./stack-outputs.ts";

/** The outputs of the stack. Each resolves once the stack's machines exist. */
export type Deployed = { readonly [K in keyof StackOutputs]: Promise<StackOutputs[K]> };

/**
 * Registers the stack's slice of the fleet with the engine: first the machines, then the resources on each
 * host.
 */
export async function deployFleet(): Promise<Deployed> {
  const project = projectDir();
  if (project === undefined) {
    throw new InvalidError({
      what: "no project",
      why: "neither this folder nor any folder above it has a Pulumi.yaml.",
    });
  }
  const fleet = loadFleet(join(project, "fleet.yaml"));
  const { slice } = settingsOf(fleet);
  const plan = compilePlan(fleet, installedRuntime());
  keepContents(project, plan.contents);
  const ours = partOf(plan, slice);
  const hosts = hostsWithMachine(ours, fleet);
  const pending = callPreflight(
    ours,
    hosts.map(({ name, formerly }) => ({ name, host: name, formerly })),
    plan,
  );
  const machines = await makeHostMachines(hosts, fleet);
  const made = new Map<string, FleetResource>();
  const first = firstOnHosts(ours);
  // The resources of other stacks must already exist, so no resource waits for them.
  for (const declaration of ours.declarations) {
    const { id, host, type } = declaration;
    const extra = {
      ...(first.has(id) && { orphans: pending.then(({ orphans }) => orphans[host]) }),
      ...(type === "Agent" && { movesFrom: pending.then(({ moves }) => moves[id]) }),
    };
    made.set(id, declare(declaration, extra, made, machines.get(host)));
  }
  const met = Promise.all([...machines.values()].map(({ ended }) => ended));
  const outputs = met.then(() => stackOutputs(project, fleet, slice));
  return { hosts: outputs.then(({ hosts }) => hosts), agents: outputs.then(({ agents }) => agents) };
}

/** Returns the part of a plan that belongs to a stack. */
function partOf({ declarations, contents }: Plan, slice: Slice): Plan {
  return { declarations: declarations.filter((one) => inSlice(slice, one)), contents };
}

/**
 * Reads the stack's settings.
 *
 * @throws InvalidError if a setting is invalid, or if fleet.yaml does not declare the stack's tenant or its
 *   key
 */
function settingsOf(fleet: Fleet): StackSettings {
  const config = new Config("muster");
  const settings = stackSettings((name) => config.get(name));
  checkTenant(fleet, settings.slice);
  return settings;
}

/**
 * Finds the first resource on each host, which is the Host if this stack has it. The first resource also
 * removes the host's unclaimed records.
 */
function firstOnHosts({ declarations }: Plan): Set<string> {
  const byHost = Map.groupBy(declarations, ({ host }) => host).values();
  return new Set([...byHost].flatMap(([first]) => first?.id ?? []));
}

/** Returns the hosts whose machines this stack creates. A machine is protected if its Host is. */
function hostsWithMachine({ declarations }: Plan, fleet: Fleet): HostSpec[] {
  return declarations.flatMap(({ type, host, protect }) => {
    const spec = fleet.hosts[host];
    return type === "Host" && spec !== undefined && hasMachine(spec) ? [{ ...spec, protect }] : [];
  });
}

/** Returns the aliases by which the engine recognizes a resource under its former names. */
function aliasesOf(formerly: readonly string[]): Alias[] {
  return formerly.map((name) => ({ name }));
}

/**
 * Like `aliasesOf`, but for a resource whose parent is a Host. Before version 0.2 such resources had no
 * parent, and the resource that is now an Agent was an Identity.
 */
function aliasesUnder({ type, id, formerly }: Declaration): (Alias | string)[] {
  const former = [id, ...formerly].map((name) => {
    const urn = `urn:pulumi:${getStack()}::${getProject()}::muster:index:`;
    return type === "Agent"
      ? `${urn}${FORMER_TYPES.identity}::${formerIdentityId(name)}`
      : `${urn}${type}::${name}`;
  });
  return [...aliasesOf(formerly), ...former];
}

/**
 * Declares a resource. Its `deletedWith` tells the engine that the resource disappears with the disk of the
 * machine and need not be deleted separately.
 */
function declare(
  declaration: Declaration,
  extra: Inputs,
  made: ReadonlyMap<string, FleetResource>,
  machine: HostMachine | undefined,
): FleetResource {
  const needs = declaration.needs.flatMap((id) => made.get(id)?.ended ?? []);
  const { id, type, host, items, formerly, protect } = declaration;
  const parent = type === "Host" ? undefined : made.get(hostId(host));
  return new FleetResource(
    type,
    id,
    {
      resource: id,
      host,
      ...byPart(mapValues(items, toWire)),
      ...(formerly.length > 0 && { formerly }),
      ...(protect && { protect }),
      ...(machine?.machine !== undefined && { machine: machine.machine }),
      ...extra,
    },
    {
      protect,
      ...(parent && { parent }),
      aliases: type === "Host" ? aliasesOf(formerly) : aliasesUnder(declaration),
      dependsOn: machine === undefined ? needs : [machine.ended, ...needs],
      ...(machine === undefined ? {} : { deletedWith: machine.standIn }),
    },
  );
}
