import { ITEM_PROPERTIES } from "../../../model/agent-parts.ts";
import { diffItem } from "../../../model/diff.ts";
import { AS_DECLARED } from "../../../model/items.ts";
import { fromWire, type WireItem, wantOf, wireAddress } from "../../../model/pulumi-items.ts";
import { type Properties, UNKNOWN } from "../../wire/values.ts";
import type { PropertyDiff, PropertyDiffs } from "../handler.ts";
import { unknownItems, wireItems } from "./inputs.ts";
import { itemPath } from "./item-path.ts";
import { MACHINE, MOVES_FROM, movesFromOf, ORPHANS, orphansOf } from "./metadata-inputs.ts";

/** Returns the differences between the observed state and the desired inputs, by property path. */
export function diff(state: Properties, news: Properties): PropertyDiffs {
  const unknown = ITEM_PROPERTIES.filter((property) => news[property] === UNKNOWN);
  if (unknown.length > 0) return Object.fromEntries(unknown.map((property) => [property, UPDATE]));
  return {
    ...placeChanges(state, news),
    ...itemChanges(state, news),
    ...orphanChange(news),
    ...moveChange(news),
  };
}

/**
 * Returns the changes to a resource's host, id and machine. The host and the id change only through a
 * declared rename, which keeps everything on the host. On a new machine, no part of the resource exists yet.
 */
function placeChanges(state: Properties, news: Properties): PropertyDiffs {
  const changed = ["host", "resource", MACHINE].filter((key) => state[key] !== news[key]);
  return Object.fromEntries(changed.map((key) => [key, UPDATE]));
}

/**
 * Returns a change if this stack has leftovers on the host. The update of the host's first resource removes the
 * leftovers.
 */
function orphanChange(news: Properties): PropertyDiffs {
  return orphansOf(news).length === 0 ? {} : { [ORPHANS]: ADD };
}

/**
 * Returns a change if the agent's home moves to this host. No item differs because of the move: the content of a home
 * is not an item.
 */
function moveChange(news: Properties): PropertyDiffs {
  return movesFromOf(news) === undefined ? {} : { [MOVES_FROM]: ADD };
}

function itemChanges(state: Properties, news: Properties): PropertyDiffs {
  const [olds, wanted] = [wireItems(state), wireItems(news)];
  const unknown = unknownItems(news);
  const removed = Object.keys(olds).filter((name) => !(name in wanted) && !unknown.includes(name));
  const all = [
    ...unknown.map((name) => [itemPath(name), UPDATE] as const),
    ...removed.map((name) => [itemPath(name), DELETE] as const),
    ...Object.entries(wanted).flatMap(([name, item]) => oneItem(name, item, olds[name])),
  ];
  return Object.fromEntries(all);
}

const ADD: PropertyDiff = { kind: "add" };
const UPDATE: PropertyDiff = { kind: "update" };
const DELETE: PropertyDiff = { kind: "delete" };

type Entry = readonly [path: string, change: PropertyDiff];

function oneItem(name: string, wanted: WireItem, old: WireItem | undefined): readonly Entry[] {
  if (old === undefined) return [[itemPath(name), ADD]];
  const observed = diffItem(name, fromWire(wanted), {
    props: wantOf({ ...old, kind: wanted["kind"] ?? "" }),
  });
  const properties = observed
    .map(({ property }) => property)
    .filter((key) => !isAsApplied(key, old) && !isAgents(key, wanted, old));
  return [...addressKeys(wanted, old), ...properties].map((key) => {
    const change = !(key in old) ? ADD : !(key in wanted) ? DELETE : UPDATE;
    return [itemPath(name, key), change];
  });
}

/**
 * Whether a property is the content of a secret that the host reports as applied, although the state has no
 * digest of that secret.
 */
function isAsApplied(key: string, { content }: WireItem): boolean {
  return key === "content" && content === AS_DECLARED;
}

/**
 * Whether a property belongs to the agent and is not compared. This is the case for an existing file with `write:
 * once`.
 */
function isAgents(key: string, wanted: WireItem, { type }: WireItem): boolean {
  return wanted["write"] === "once" && key !== "type" && type === "file";
}

/** Returns the keys of the item's address that are new, removed or different. */
function addressKeys(wanted: WireItem, old: WireItem): readonly string[] {
  const [now, before] = [wireAddress(wanted), wireAddress(old)];
  return [...new Set([...Object.keys(now), ...Object.keys(before)])].filter(
    (key) => now[key] !== before[key],
  );
}
