import { AGENT_PARTS, type AgentPart, NO_PART } from "../../model/agent-parts.ts";
import { currentId, FORMER_TYPES, formerIdentityId, isFormerPart } from "../../model/legacy-agent-parts.ts";
import { hostId, hostOf, parseId } from "../../model/resource-id.ts";
import { nameInUrn } from "../../model/urn.ts";
import type { Deployment } from "./adopt-pending.ts";

/** The fields of a resource that the upgrade changes in a state. */
interface StateResource {
  readonly urn: string;
  readonly id?: string;
  readonly type: string;
  readonly parent?: string;
  readonly aliases?: readonly string[];
  readonly protect?: boolean;
  readonly deletedWith?: string;
  readonly dependencies?: readonly string[] | null;
  readonly propertyDependencies?: Readonly<Record<string, readonly string[] | null>> | null;
  readonly inputs?: Readonly<Record<string, unknown>>;
  readonly outputs?: Readonly<Record<string, unknown>>;
}

/** The types of the resources that had no parent before version 0.2. Now, their parent is the Host resource. */
const UNDER_HOST = ["Tenant", "Reader", "Account", "HostJobs", "Service"];

const PARTS: readonly string[] = Object.values(FORMER_TYPES);

const FORMER = new RegExp(`::muster:index:(?:${[...UNDER_HOST, ...PARTS].join("|")})::`);

/**
 * Whether a state is from before version 0.2. In such a state, each part of an agent is a separate resource.
 *
 * @param text the state as JSON
 */
export function isFormerState(text: string): boolean {
  return FORMER.test(text);
}

/**
 * Upgrades a state from before version 0.2. Aliases are enough only for a run without targets. In a run with targets,
 * the engine would keep the old names of all resources outside the targets, but the resources that depend on them would
 * refer to the new names. The engine would refuse to read the resulting state.
 */
export function upgradeState(exported: Deployment): Deployment {
  const resources = (exported.deployment?.resources ?? []) as readonly StateResource[];
  const hosts = new Set(
    resources.flatMap(({ urn }) => (typeOf(urn) === "Host" ? [hostOf(nameInUrn(urn))] : [])),
  );
  const rename = (urn: string) => renamed(urn, hosts);
  const groups = Map.groupBy(resources, ({ urn }) => rename(urn));
  const upgraded = [...groups.values()].flatMap((group) =>
    isPart(group[0]) ? [joined(group, rename)] : group.map((one) => moved(one, rename)),
  );
  return { ...exported, deployment: { ...exported.deployment, resources: upgraded } };
}

function isPart(resource: StateResource | undefined): boolean {
  return resource !== undefined && PARTS.includes(typeOf(resource.urn));
}

function typeOf(urn: string): string {
  return /::muster:index:(\w+)::[^$]*$/.exec(urn)?.[1] ?? "";
}

/** Returns the current form of a URN. @param hosts the names of the hosts that have a Host resource in the state */
function renamed(urn: string, hosts: ReadonlySet<string>): string {
  const type = typeOf(urn);
  const name = nameInUrn(urn);
  const isOfAgent = PARTS.includes(type) && isFormerPart(name);
  if (!isOfAgent && !UNDER_HOST.includes(type)) return urn;
  const [stack, project] = urn.split("::");
  const under = hosts.has(hostOf(name)) ? "muster:index:Host$" : "";
  return `${stack}::${project}::${under}muster:index:${isOfAgent ? "Agent" : type}::${currentId(name)}`;
}

/** Returns a resource with its Host as the parent, and with its references changed to the current names. */
function moved(resource: StateResource, rename: (urn: string) => string): StateResource {
  // The aliases are removed, so that no later run mistakes the resource for a former resource.
  const { aliases: _, ...rest } = resource;
  const { dependencies, propertyDependencies, deletedWith } = resource;
  const urn = rename(resource.urn);
  return {
    ...rest,
    urn,
    ...(urn !== resource.urn && parentOf(urn)),
    ...(dependencies && { dependencies: references(dependencies, urn, rename) }),
    ...(deletedWith && { deletedWith: rename(deletedWith) }),
    ...(propertyDependencies && {
      propertyDependencies: Object.fromEntries(
        Object.entries(propertyDependencies).map(([key, urns]) => [key, references(urns ?? [], urn, rename)]),
      ),
    }),
  };
}

function parentOf(urn: string): { parent?: string } {
  const [stack, project, types = ""] = urn.split("::");
  if (!types.includes("$")) return {};
  return { parent: `${stack}::${project}::muster:index:Host::${hostId(hostOf(nameInUrn(urn)))}` };
}

function references(urns: readonly string[], self: string, rename: (urn: string) => string): string[] {
  return [...new Set(urns.map(rename))].filter((urn) => urn !== self);
}

/**
 * Joins the parts of an agent into one Agent. The `resource` property of the Agent is the former id of the Identity
 * until the host has a single record of the agent.
 */
function joined(parts: readonly StateResource[], rename: (urn: string) => string): StateResource {
  const [first] = parts as [StateResource];
  const own = parts.find(({ urn }) => typeOf(urn) === FORMER_TYPES.identity) ?? first;
  const id = currentId(nameInUrn(own.urn));
  const dependencies = parts.flatMap((part) => part.dependencies ?? []);
  const resource = formerIdentityId(id);
  return {
    ...moved({ ...own, dependencies, propertyDependencies: null }, rename),
    type: "muster:index:Agent",
    id,
    protect: parts.some(({ protect }) => protect === true),
    inputs: { ...partsIn(parts, "inputs"), ...without(own.inputs), resource },
    outputs: { ...partsIn(parts, "outputs"), ...without(own.outputs), resource },
  };
}

function without(properties: StateResource["inputs"] = {}): Record<string, unknown> {
  const { [NO_PART]: _, ...rest } = properties;
  return rest;
}

/** Returns the items of each part, by the name of the part. */
function partsIn(parts: readonly StateResource[], from: "inputs" | "outputs"): Record<string, unknown> {
  const partOf = ({ urn }: StateResource): AgentPart | undefined => {
    const parsed = parseId(nameInUrn(urn));
    return parsed?.kind === "agent" ? parsed.part : undefined;
  };
  const items = AGENT_PARTS.flatMap((part) => {
    const own = parts.find((one) => partOf(one) === part)?.[from]?.[NO_PART];
    return own === undefined ? [] : [[part, own] as const];
  });
  return Object.fromEntries(items);
}
