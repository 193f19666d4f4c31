import { join } from "node:path";
import type { Inputs } from "@pulumi/pulumi";
import { InvalidError } from "../base/errors.ts";
import { installedRuntime } from "../base/installed-version.ts";
import { projectDir } from "../base/muster-folders.ts";
import { mapValues } from "../base/objects.ts";
import { checkTenant } from "../config/check-stack-tenant.ts";
import { type Expiring, expiringOf, expiryText } from "../config/expiring-credentials.ts";
import type { Fleet, HostSpec } from "../config/fleet.ts";
import { loadFleet } from "../config/load-fleet.ts";
import { recordedLogins } from "../inventory/read-inventory.ts";
import { byPart } from "../model/agent-parts.ts";
import type { Declaration, Plan } from "../model/declaration.ts";
import { FORMER_TYPES, formerIdentityId } from "../model/legacy-agent-parts.ts";
import { toWire } from "../model/pulumi-items.ts";
import { hostId } from "../model/resource-id.ts";
import { inSlice, type Slice, type StackSettings, stackSettings } from "../model/stack-settings.ts";
import { compilePlan } from "../resources/index.ts";
import { type HostMachine, hasMachine, makeHostMachines, type ProgramContext } from "./host-machines.ts";
import { keepContents } from "./keep-contents.ts";
import { aliasesOf, FleetResource } from "./muster-resource.ts";
import { callPreflight } from "./preflight.ts";
import { Config, getProject, getStack, log } from "./pulumi-sdk.ts";
import { type StackOutputs, stackOutputs } from "./stack-outputs.ts";

/** A fleet that was read and checked, but not registered with the engine yet. */
export interface PreparedFleet {
  readonly project: string;
  readonly fleet: Fleet;
  readonly slice: Slice;
  /** The declarations of the entire fleet. */
  readonly plan: Plan;
}

/** The outputs of the stack. Each output resolves when the stack's machines exist. */
export type Deployed = { readonly [K in keyof StackOutputs]: Promise<StackOutputs[K]> };

/**
 * Reads fleet.yaml and the settings of the stack. Contacts no host.
 *
 * @throws InvalidError if there is no project, or if fleet.yaml or a setting is invalid
 */
export function prepareFleet(): PreparedFleet {
  const project = projectDir();
  if (project === undefined) {
    throw new InvalidError({
      what: "no project was found",
      why: "neither this folder nor any folder above it has a Pulumi.yaml.",
    });
  }
  const fleet = loadFleet(join(project, "fleet.yaml"), undefined, recordedLogins(project));
  const { slice } = settingsOf(fleet);
  const plan = compilePlan(fleet, installedRuntime());
  return { project, fleet, slice, plan };
}

/**
 * Registers the stack's slice of the fleet with the engine: first the machines, then the resources on each
 * host.
 */
export async function deployFleet(
  { project, fleet, slice, plan }: PreparedFleet,
  program: ProgramContext = { machines: {} },
): Promise<Deployed> {
  keepContents(project, plan.contents);
  for (const { credential, on } of expiringIn(fleet, slice))
    void log.warn(`credential ${credential} ${expiryText(on)}.`);
  const ours = partOf(plan, slice);
  const hosts = hostsWithMachine(ours, fleet);
  const pending = callPreflight(
    ours,
    hosts.map(({ name, formerly }) => ({ name, host: name, formerly })),
    plan,
    fleet.recurrence,
  );
  const machines = await makeHostMachines(hosts, fleet, program);
  const made = new Map<string, FleetResource>();
  const first = firstOnHosts(ours);
  // The resources of other stacks must already exist, so no resource waits for them.
  for (const declaration of ours.declarations) {
    const { id, host, type } = declaration;
    const extra = {
      ...(first.has(id) && { orphans: pending.then(({ orphans }) => orphans[host]) }),
      ...(declaration.after && { after: endOf(declaration.after, made) }),
      ...(type === "Agent" && { movesFrom: pending.then(({ moves }) => moves[id]) }),
    };
    made.set(id, declare(declaration, extra, made, machines, program));
  }
  const met = Promise.all([...machines.values()].map(({ ended }) => ended));
  const outputs = met.then(() => stackOutputs(project, fleet, slice));
  return { hosts: outputs.then(({ hosts }) => hosts), agents: outputs.then(({ agents }) => agents) };
}

/**
 * Returns the credentials of a stack that expire soon. For a tenant's stack, these are only credentials of its own
 * agents.
 */
function expiringIn({ credentials, agents }: Fleet, slice: Slice): Expiring[] {
  const own = Object.values(agents).filter(
    ({ tenant }) => slice.kind === "tenant" && slice.tenant === tenant,
  );
  const names = new Set(own.flatMap((agent) => agent.credentials));
  return expiringOf(
    Object.values(credentials).filter(({ name }) => slice.kind !== "tenant" || names.has(name)),
  );
}

/**
 * Waits until the engine has finished with resources, even if they fail. The value is absent from the inputs, so the
 * engine does not see a dependency.
 */
async function endOf(ids: readonly string[], made: ReadonlyMap<string, FleetResource>): Promise<undefined> {
  await Promise.all(ids.map((id) => made.get(id)?.ended));
  return undefined;
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
 * Finds the first resource on each host. This is the Host resource if this stack contains it. The first resource also
 * removes the host's unclaimed records.
 */
function firstOnHosts({ declarations }: Plan): Set<string> {
  const byHost = Map.groupBy(declarations, ({ host }) => host).values();
  return new Set([...byHost].flatMap(([first]) => first?.id ?? []));
}

/**
 * Returns the hosts for which this stack creates machines. A machine is protected if its Host resource is protected.
 */
function hostsWithMachine({ declarations }: Plan, fleet: Fleet): HostSpec[] {
  return declarations.flatMap(({ type, host, protect }) => {
    const spec = fleet.hosts[host];
    return type === "Host" && spec !== undefined && hasMachine(spec) ? [{ ...spec, protect }] : [];
  });
}

/**
 * Returns the aliases of a resource that now has a Host as its parent. Before version 0.2, such resources had no
 * parent, and the Agent resource was an Identity.
 */
function aliasesBeforeParents({ type, id, formerly }: Declaration): string[] {
  if (type === "Host") return [];
  return [id, ...formerly].map((name) => {
    const urn = `urn:pulumi:${getStack()}::${getProject()}::muster:index:`;
    return type === "Agent"
      ? `${urn}${FORMER_TYPES.identity}::${formerIdentityId(name)}`
      : `${urn}${type}::${name}`;
  });
}

/**
 * Declares a resource. Because of its `deletedWith`, the engine does not delete the resource separately if the machine
 * with its disk is deleted.
 */
function declare(
  declaration: Declaration,
  extra: Inputs,
  made: ReadonlyMap<string, FleetResource>,
  machines: ReadonlyMap<string, HostMachine>,
  { component }: ProgramContext,
): FleetResource {
  const { id, type, host, items, formerly, protect } = declaration;
  const machine = machines.get(host);
  const needs = [
    ...declaration.needs.flatMap((id) => made.get(id)?.ended ?? []),
    ...(declaration.machines ?? []).flatMap((name) => machines.get(name)?.ended ?? []),
  ];
  const parent = (type === "Host" ? undefined : made.get(hostId(host))) ?? component;
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
      aliases: [...aliasesOf(type, id, formerly, parent), ...aliasesBeforeParents(declaration)],
      dependsOn: machine === undefined ? needs : [machine.ended, ...needs],
      ...(machine?.standIn && { deletedWith: machine.standIn }),
    },
  );
}
