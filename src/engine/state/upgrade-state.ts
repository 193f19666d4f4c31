import { FORMER_TYPES, formerIdentityId, isFormerPart, wholeId } from "../../model/former-agent.ts";
import { AGENT_PARTS, type AgentPart, WHOLE } from "../../model/parts.ts";
import { hostId, hostOf, parseId } from "../../model/resource-id.ts";
import { nameInUrn } from "../../model/urn.ts";
import type { Deployment } from "./adopt-pending.ts";

/** A resource as a state has it, as far as it is rewritten. */
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

/** The types that stood beside their Host before version 0.2, and stand under it since. */
const UNDER_HOST = ["Tenant", "Reader", "Account", "HostJobs", "Service"];

const PARTS = Object.values(FORMER_TYPES);

const FORMER = new RegExp(`::muster:index:(?:${[...UNDER_HOST, ...PARTS].join("|")})::`);

/** Whether a state is of a version that had a resource for each part of an agent. @param text of the state */
export function isFormerState(text: string): boolean {
  return FORMER.test(text);
}

/**
 * A state of a version that had a resource for each part of an agent, as one of today. Aliases do the same within a
 * run, but where that is kept to some targets the engine would write the others under the names that they had, and
 * what needs them under those of today: a state that it then refuses to read.
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

/** A URN as it is today. @param hosts those whose Host the state has */
function renamed(urn: string, hosts: ReadonlySet<string>): string {
  const type = typeOf(urn);
  const name = nameInUrn(urn);
  const isOfAgent = PARTS.includes(type) && isFormerPart(name);
  if (!isOfAgent && !UNDER_HOST.includes(type)) return urn;
  const [stack, project] = urn.split("::");
  const under = hosts.has(hostOf(name)) ? "muster:index:Host$" : "";
  return `${stack}::${project}::${under}muster:index:${isOfAgent ? "Agent" : type}::${wholeId(name)}`;
}

/** A resource under its host, whose references are to the names of today. */
function moved(resource: StateResource, rename: (urn: string) => string): StateResource {
  // The names that it had before stand nowhere any more, so that no later run takes it for a former one.
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

/** The parts of an agent as its Agent, which has the Identity's former name until its host keeps one record of it. */
function joined(parts: readonly StateResource[], rename: (urn: string) => string): StateResource {
  const [first] = parts as [StateResource];
  const own = parts.find(({ urn }) => typeOf(urn) === FORMER_TYPES.identity) ?? first;
  const id = wholeId(nameInUrn(own.urn));
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
  const { [WHOLE]: _, ...rest } = properties;
  return rest;
}

/** The items of each part, under its property. */
function partsIn(parts: readonly StateResource[], from: "inputs" | "outputs"): Record<string, unknown> {
  const partOf = ({ urn }: StateResource): AgentPart | undefined => {
    const parsed = parseId(nameInUrn(urn));
    return parsed?.kind === "agent" ? parsed.part : undefined;
  };
  const items = AGENT_PARTS.flatMap((part) => {
    const own = parts.find((one) => partOf(one) === part)?.[from]?.[WHOLE];
    return own === undefined ? [] : [[part, own] as const];
  });
  return Object.fromEntries(items);
}
