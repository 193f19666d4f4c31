import { join } from "node:path";
import { type Alias, Config, getProject, getStack, type Inputs, type Resource } from "@pulumi/pulumi";
import { InvalidError } from "../base/errors.ts";
import { installedRuntime } from "../base/installed-version.ts";
import { mapValues } from "../base/objects.ts";
import { projectDir } from "../base/paths.ts";
import { checkTenant } from "../config/check-tenant.ts";
import type { DropletHostSpec, Fleet } from "../config/fleet.ts";
import { loadFleet } from "../config/load-fleet.ts";
import type { Declaration, Plan } from "../model/declaration.ts";
import { FORMER_TYPES, formerIdentityId } from "../model/former-agent.ts";
import { byPart } from "../model/parts.ts";
import type { DeclaredResource } from "../model/preflight.ts";
import { hostId } from "../model/resource-id.ts";
import { inSlice, type Slice, type StackSettings, stackSettings } from "../model/stack-slice.ts";
import { toWire } from "../model/wire-items.ts";
import { compilePlan } from "../resources/index.ts";
import { type DropletMachine, deployDroplets } from "./cloud/index.ts";
import { FleetResource } from "./fleet-resource.ts";
import { keepContents } from "./keep-contents.ts";
import { callPreflight } from "./preflight.ts";
import { type StackOutputs, stackOutputs } from "./stack-outputs.ts";

/** The stack's outputs, each once its machines are there. */
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
  const local = localHosts(ours, fleet);
  const droplets = dropletHosts(ours, fleet);
  const chores = callPreflight(ours, [...local, ...droplets], plan);
  const machines = new Map<string, Machine>([
    ...local.map((host) => [host.name, bootLocalHost(host)] as const),
    ...(await makeDroplets(droplets, fleet)),
  ]);
  const made = new Map<string, FleetResource>();
  const first = firstOnHosts(ours);
  // What another stack has must be there already, so nothing waits for it.
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

/** What of a plan a stack has. */
function partOf({ declarations, contents }: Plan, slice: Slice): Plan {
  return { declarations: declarations.filter((one) => inSlice(slice, one)), contents };
}

/** @throws InvalidError where the stack is for a tenant that fleet.yaml does not know, or gives no stack */
function settingsOf(fleet: Fleet): StackSettings {
  const config = new Config("muster");
  const settings = stackSettings((name) => config.get(name));
  checkTenant(fleet, settings.slice);
  return settings;
}

/** What comes first on each host, its Host where this stack has it, takes away what nobody claims there. */
function firstOnHosts({ declarations }: Plan): Set<string> {
  const byHost = Map.groupBy(declarations, ({ host }) => host).values();
  return new Set([...byHost].flatMap(([first]) => first?.id ?? []));
}

/** A host that Muster boots itself is as protected as what stands on it. */
function localHosts({ declarations }: Plan, fleet: Fleet): LocalHost[] {
  return declarations.flatMap(({ type, host, protect }) => {
    const spec = fleet.hosts[host];
    const isLocal = type === "Host" && spec?.kind === "local";
    return isLocal ? [{ name: host, host, formerly: spec.formerly, protect }] : [];
  });
}

/** The machine that a host is, where this stack makes it. */
type Machine = { readonly standIn: Resource; readonly ended: Promise<Resource> } & Partial<
  Pick<DropletMachine, "machine">
>;

type DropletHost = DeclaredResource & { readonly spec: DropletHostSpec; readonly protect: boolean };

function dropletHosts({ declarations }: Plan, fleet: Fleet): DropletHost[] {
  return declarations.flatMap(({ type, host, protect }) => {
    const spec = fleet.hosts[host];
    if (type !== "Host" || spec?.kind !== "droplet") return [];
    return [{ name: host, host, formerly: spec.formerly, spec, protect }];
  });
}

/** A fleet without droplets asks nobody about them. */
async function makeDroplets(
  hosts: readonly DropletHost[],
  { cloud, agents, services }: Fleet,
): Promise<ReadonlyMap<string, DropletMachine>> {
  if (hosts.length === 0 || cloud === undefined) return new Map();
  const owner = `${getProject()}/${getStack()}`;
  const specs = hosts.map(({ spec, protect }) => {
    const forServices = Object.values(services).flatMap(({ host, open }) => (host === spec.name ? open : []));
    const droplet = { ...spec.droplet, open: [...spec.droplet.open, ...forServices] };
    return { ...spec, droplet, protect };
  });
  const held = Object.values(agents).flatMap(({ host, protect }) => (protect ? [host] : []));
  return deployDroplets(owner, specs, cloud, new Set(held));
}

type LocalHost = DeclaredResource & Pick<Declaration, "protect">;

function bootLocalHost({ name, formerly, protect }: LocalHost): FleetResource {
  const inputs = { host: name, running: true, ...(protect && { protect }) };
  return new FleetResource("LocalHost", name, inputs, { protect, aliases: aliasesOf(formerly) });
}

/** The engine knows a resource by the names that it had before, too. */
function aliasesOf(formerly: readonly string[]): Alias[] {
  return formerly.map((name) => ({ name }));
}

/**
 * The same for what stands under its host: before version 0.2 it stood under nothing, and of an agent its Identity was
 * what its Agent is.
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

/** `deletedWith`: with its disk gone, the resources of a local host or a droplet need no delete of their own. */
function declare(
  declaration: Declaration,
  extra: Inputs,
  made: ReadonlyMap<string, FleetResource>,
  machine: Machine | undefined,
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
