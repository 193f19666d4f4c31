import { join } from "node:path";
import { type Alias, Config, getProject, getStack, type Inputs } from "@pulumi/pulumi";
import { InvalidError } from "../base/errors.ts";
import { installedRuntime } from "../base/installed-version.ts";
import { mapValues } from "../base/objects.ts";
import { projectDir } from "../base/paths.ts";
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

/** The outputs of the stack, each once its machines exist. */
export type Deployed = { readonly [K in keyof StackOutputs]: Promise<StackOutputs[K]> };

/** Registers the stack's slice of the fleet with the engine: its machines, then what should be on every host. */
export async function deployFleet(): Promise<Deployed> {
  const project = projectDir();
  if (project === undefined) {
    throw new InvalidError({ what: "no project", why: "there is no Pulumi.yaml here or above." });
  }
  const fleet = loadFleet(join(project, "fleet.yaml"));
  const { slice } = settingsOf(fleet);
  const plan = compilePlan(fleet, installedRuntime());
  keepContents(project, plan.contents);
  const ours = partOf(plan, slice);
  const hosts = hostsWithMachine(ours, fleet);
  const chores = callPreflight(
    ours,
    hosts.map(({ name, formerly }) => ({ name, host: name, formerly })),
    plan,
  );
  const machines = await makeHostMachines(hosts, fleet);
  const made = new Map<string, FleetResource>();
  const first = firstOnHosts(ours);
  // What another stack has must exist already, so nothing waits for it.
  for (const declaration of ours.declarations) {
    const { id, host, type } = declaration;
    const extra = {
      ...(first.has(id) && { orphans: chores.then(({ orphans }) => orphans[host]) }),
      ...(type === "Agent" && { movesFrom: chores.then(({ moves }) => moves[id]) }),
    };
    made.set(id, declare(declaration, extra, made, machines.get(host)));
  }
  const met = Promise.all([...machines.values()].map(({ ended }) => ended));
  const outputs = met.then(() => stackOutputs(project, fleet, slice));
  return { hosts: outputs.then(({ hosts }) => hosts), agents: outputs.then(({ agents }) => agents) };
}

/** The part of a plan that a stack has. */
function partOf({ declarations, contents }: Plan, slice: Slice): Plan {
  return { declarations: declarations.filter((one) => inSlice(slice, one)), contents };
}

/** @throws InvalidError where the stack is for a tenant that fleet.yaml does not declare, or that has no stack */
function settingsOf(fleet: Fleet): StackSettings {
  const config = new Config("muster");
  const settings = stackSettings((name) => config.get(name));
  checkTenant(fleet, settings.slice);
  return settings;
}

/** The first resource on each host (its Host where this stack has it) removes what nobody claims there. */
function firstOnHosts({ declarations }: Plan): Set<string> {
  const byHost = Map.groupBy(declarations, ({ host }) => host).values();
  return new Set([...byHost].flatMap(([first]) => first?.id ?? []));
}

/** The hosts whose machines this stack makes; a machine is protected where anything on it is. */
function hostsWithMachine({ declarations }: Plan, fleet: Fleet): HostSpec[] {
  return declarations.flatMap(({ type, host, protect }) => {
    const spec = fleet.hosts[host];
    return type === "Host" && spec !== undefined && hasMachine(spec) ? [{ ...spec, protect }] : [];
  });
}

/** The engine knows a resource by the names that it had before, too. */
function aliasesOf(formerly: readonly string[]): Alias[] {
  return formerly.map((name) => ({ name }));
}

/**
 * The same for a resource whose parent is its host: before version 0.2 it had no parent, and an agent's Agent was its
 * Identity.
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

/** `deletedWith`: what is on a machine is deleted with its disk and needs no delete of its own. */
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
