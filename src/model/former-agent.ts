import { mapKeys } from "../base/objects.ts";
import { type HostRecord, joinRecords } from "./host-record.ts";
import { AGENT_PARTS, type AgentPart, byPart, itemName, WHOLE } from "./parts.ts";
import type { ObserveAnswer, Observed, ResourceItems } from "./protocol.ts";
import { agentId, formerPartId, parseId } from "./resource-id.ts";

/**
 * Before version 0.2 each part of an agent was a resource of its own, with its own record on the host. This file
 * turns such states and records into one agent.
 */
export const FORMER_TYPES: Readonly<Record<AgentPart, string>> = {
  identity: "Identity",
  credentials: "Credential",
  contacts: "ContactBook",
  unit: "AgentUnit",
  jobs: "AgentJobs",
};

/** The part that a record from before version 0.2 belongs to. */
function formerOf(id: string): { readonly id: string; readonly part: AgentPart } | undefined {
  const parsed = parseId(id);
  if (parsed?.kind !== "agent" || parsed.part === undefined) return undefined;
  return { id: agentId(parsed.host, parsed.name), part: parsed.part };
}

/** The id of the agent that a former id of a part belongs to; any other id is returned unchanged. */
export function wholeId(id: string): string {
  return formerOf(id)?.id ?? id;
}

/** Whether an id belongs to a part that was a resource of its own. */
export function isFormerPart(id: string): boolean {
  return formerOf(id) !== undefined;
}

/** The id that an agent's Agent resource had before. @param id the agent's, such as `east/iris/agent` */
export function formerIdentityId(id: string): string {
  const [identity = id] = formerPartIds(id);
  return identity;
}

/** The former ids of an agent's parts. @param id the agent's, such as `east/iris/agent` */
export function formerPartIds(id: string): string[] {
  const parsed = parseId(id);
  if (parsed?.kind !== "agent") return [];
  return AGENT_PARTS.map((part) => formerPartId(parsed.host, parsed.name, part));
}

/**
 * Merges the records of parts, so that each agent has one record. If that record exists already, a run was killed
 * before it deleted the former ones, and they are ignored.
 */
export function mergeRecords(records: readonly HostRecord[]): HostRecord[] {
  const whole = new Set(records.filter(({ id }) => !isFormerPart(id)).map(keyOf));
  const groups = Map.groupBy(records, ({ owner, id }) => keyOf({ owner, id: wholeId(id) }));
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
  // The agent counts as created through a gate only if all its parts were: the gate may remove what it created.
  const { gate, ...rest } = merged;
  const isWhole = gate !== undefined && records.every((record) => record.gate === gate);
  return [{ ...rest, ...(isWhole && { gate }) }];
}

/** Turns a part's record into a record of its agent that knows only that part. */
function asWhole({ id, items, applied, intended, ...rest }: HostRecord): HostRecord {
  return {
    ...{ ...rest, id: wholeId(id), type: "Agent", items: qualified(id, items) },
    ...(applied && { applied: qualified(id, applied) }),
    ...(intended && { intended: qualified(id, intended) }),
  };
}

/** Values by an item's name in a part's own record, as values by its name in the agent. */
function qualified<T>(id: string, values: Readonly<Record<string, T>>): Record<string, T> {
  const part = formerOf(id)?.part ?? WHOLE;
  return mapKeys(values, (label) => itemName(part, label));
}

/** An agent's items as those of its former resources, for a host that knows these only. */
export function splitAgent({ id, items }: ResourceItems): ResourceItems[] {
  const parsed = parseId(id);
  if (parsed?.kind !== "agent") return [{ id, items }];
  const parts = byPart(items);
  return AGENT_PARTS.map((part) => ({
    id: formerPartId(parsed.host, parsed.name, part),
    items: parts[part] ?? {},
  }));
}

/** What a host with former records answered, as if it knew agents. */
export function mergeAnswer({ resources, recorded, ...rest }: ObserveAnswer): ObserveAnswer {
  const merged: Record<string, Observed> = {};
  for (const [id, one] of Object.entries(resources)) {
    merged[wholeId(id)] = isFormerPart(id) ? addPart(merged[wholeId(id)], id, one) : one;
  }
  const ids = recorded.map(({ id, owner }) => ({ id: wholeId(id), owner }));
  return {
    ...rest,
    resources: merged,
    recorded: [...new Map(ids.map((one) => [keyOf(one), one])).values()],
  };
}

function addPart(agent: Observed | undefined, id: string, part: Observed): Observed {
  const names = (part.unapplied ?? []).map((label) => itemName(formerOf(id)?.part ?? WHOLE, label));
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
