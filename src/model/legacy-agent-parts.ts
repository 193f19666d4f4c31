import { mapKeys } from "../base/objects.ts";
import { AGENT_PARTS, type AgentPart, byPart, itemName, NO_PART } from "./agent-parts.ts";
import { type HostRecord, joinRecords } from "./host-record.ts";
import type { ObserveAnswer, Observed, ResourceItems } from "./protocol.ts";
import { agentId, formerPartId, parseId } from "./resource-id.ts";

/**
 * The types of an agent's parts before version 0.2. In those versions, each part was a separate resource with its own
 * record on the host. The functions in this file merge the states and records of these parts into one agent.
 */
export const FORMER_TYPES = {
  identity: "Identity",
  credentials: "Credential",
  contacts: "ContactBook",
  unit: "AgentUnit",
  jobs: "AgentJobs",
} as const satisfies Partial<Record<AgentPart, string>>;

type FormerPart = keyof typeof FORMER_TYPES;

/** Parses an id from before version 0.2 into the agent's id and the part; undefined for any other id. */
function formerOf(id: string): { readonly id: string; readonly part: AgentPart } | undefined {
  const parsed = parseId(id);
  if (parsed?.kind !== "agent" || parsed.part === undefined) return undefined;
  return { id: agentId(parsed.host, parsed.name), part: parsed.part };
}

/** Returns the agent's id for the former id of one of its parts. Returns any other id unchanged. */
export function currentId(id: string): string {
  return formerOf(id)?.id ?? id;
}

/** Whether an id is the former id of an agent's part. */
export function isFormerPart(id: string): boolean {
  return formerOf(id) !== undefined;
}

/**
 * Returns the former id of an agent's identity. The resource with this id has become the Agent resource.
 *
 * @param id the agent's id, such as `east/iris/agent`
 */
export function formerIdentityId(id: string): string {
  const [identity = id] = formerPartIds(id);
  return identity;
}

/**
 * Returns the former ids of all parts of an agent.
 *
 * @param id the agent's id, such as `east/iris/agent`
 */
export function formerPartIds(id: string): string[] {
  const parsed = parseId(id);
  if (parsed?.kind !== "agent") return [];
  return (Object.keys(FORMER_TYPES) as FormerPart[]).map((part) =>
    formerPartId(parsed.host, parsed.name, part),
  );
}

/**
 * Merges the records of an agent's parts into one record. If the agent's own record also exists, an earlier run was
 * killed before it could delete the parts' records. The parts' records are then ignored.
 */
export function mergeRecords(records: readonly HostRecord[]): HostRecord[] {
  const whole = new Set(records.filter(({ id }) => !isFormerPart(id)).map(keyOf));
  const groups = Map.groupBy(records, ({ owner, id }) => keyOf({ owner, id: currentId(id) }));
  return [...groups].flatMap(([key, group]) => {
    const own = group.filter(({ id }) => !isFormerPart(id));
    return whole.has(key) ? own : mergeParts(group);
  });
}

function keyOf({ owner, id }: Pick<HostRecord, "owner" | "id">): string {
  return JSON.stringify([owner, id]);
}

function mergeParts(records: readonly HostRecord[]): HostRecord[] {
  const merged = joinRecords(records.map(asWhole));
  if (merged === undefined) return [];
  // A gate is allowed to remove the resources that were created through it. The agent therefore counts as created
  // through a gate only if all of its parts were created through the same gate.
  const { gate, ...rest } = merged;
  const isWhole = gate !== undefined && records.every((record) => record.gate === gate);
  return [{ ...rest, ...(isWhole && { gate }) }];
}

/** Turns a part's record into a record of its agent that contains only that part. */
function asWhole({ id, items, applied, intended, ...rest }: HostRecord): HostRecord {
  return {
    ...{ ...rest, id: currentId(id), type: "Agent", items: qualified(id, items) },
    ...(applied && { applied: qualified(id, applied) }),
    ...(intended && { intended: qualified(id, intended) }),
  };
}

/** Replaces the keys of a part's own record with the items' names within the agent. The keys are labels of items. */
function qualified<T>(id: string, values: Readonly<Record<string, T>>): Record<string, T> {
  const part = formerOf(id)?.part ?? NO_PART;
  return mapKeys(values, (label) => itemName(part, label));
}

/** Splits an agent into separate resources for its parts, for a host that does not know the Agent type. */
export function splitAgent({ id, items }: ResourceItems): ResourceItems[] {
  const parsed = parseId(id);
  if (parsed?.kind !== "agent") return [{ id, items }];
  const parts = byPart(items);
  return AGENT_PARTS.map((part) => ({
    id: formerPartId(parsed.host, parsed.name, part),
    items: parts[part] ?? {},
  }));
}

/**
 * Converts the answer of a host that does not know the Agent type to the current form: merges the parts of each agent.
 */
export function mergeAnswer({ resources, recorded, ...rest }: ObserveAnswer): ObserveAnswer {
  const merged: Record<string, Observed> = {};
  for (const [id, one] of Object.entries(resources)) {
    merged[currentId(id)] = isFormerPart(id) ? addPart(merged[currentId(id)], id, one) : one;
  }
  const ids = recorded.map(({ id, owner }) => ({ id: currentId(id), owner }));
  return {
    ...rest,
    resources: merged,
    recorded: [...new Map(ids.map((one) => [keyOf(one), one])).values()],
  };
}

function addPart(agent: Observed | undefined, id: string, part: Observed): Observed {
  const names = (part.unapplied ?? []).map((label) => itemName(formerOf(id)?.part ?? NO_PART, label));
  const unapplied = [...(agent?.unapplied ?? []), ...names];
  const parts = part.record === undefined ? [] : [asWhole(part.record)];
  const record = joinRecords([...(agent?.record ? [agent.record] : []), ...parts]);
  return {
    items: { ...agent?.items, ...qualified(id, part.items) },
    observed: { ...agent?.observed, ...qualified(id, part.observed) },
    ...(record && { record }),
    ...(unapplied.length > 0 && { unapplied }),
  };
}
