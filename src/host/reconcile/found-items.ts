import { isOfUser } from "../../model/as-found.ts";
import { type Found, isAdopted } from "../../model/found-items.ts";
import type { HostRecord } from "../../model/host-record.ts";
import { itemAddress } from "../../model/item-address.ts";
import type { HostItem, Items, Observation, Props } from "../../model/items.ts";
import { groupsOf } from "../accounts/read-accounts.ts";
import type { RequestContext } from "../request-context.ts";
import { formerStates } from "../units/former-units.ts";
import { observeAll } from "./observe-items.ts";

/**
 * Finds items that exist before a resource manages them for the first time, so that these items can be restored later.
 * If a record already contains an item, an earlier run has created or found this item.
 *
 * @param before the resource's record; undefined for a new resource
 * @param records the records of all resources on the host
 * @returns the earlier and the new findings
 */
export function findExisting(
  context: RequestContext,
  items: Items,
  before: HostRecord | undefined,
  records: readonly HostRecord[],
): Found {
  const known = [...records, ...(before === undefined ? [] : [before])];
  const held = new Set(known.flatMap((record) => Object.values(record.items).map(itemAddress)));
  const candidates = Object.values(items).filter(isAdopted);
  const isKnown = (item: HostItem) => held.has(itemAddress(item));
  const isOwn = hasMadeUser(before) ? isOfUser : () => false;
  return {
    ...foundBy(known, candidates.filter(isKnown)),
    ...observeFound(
      context,
      candidates.filter((item) => !isKnown(item) && !isOwn(item)),
    ),
  };
}

/**
 * Whether Muster has created the resource's user. In this case, Muster has also created the user's home, for example by
 * a move, and nothing in this home existed before Muster.
 */
function hasMadeUser(before: HostRecord | undefined): boolean {
  const users = Object.values(before?.items ?? {}).filter(({ kind }) => kind === "user");
  return users.some((user) => !(itemAddress(user) in (before?.found ?? {})));
}

/** Returns the findings of other resources that managed these items before. */
function foundBy(records: readonly HostRecord[], items: readonly HostItem[]): Found {
  const all: Found = Object.assign({}, ...records.map(({ found }) => found));
  const entries = items.map(itemAddress).flatMap((address) => {
    const one = all[address];
    return one === undefined ? [] : [[address, one] as const];
  });
  return Object.fromEntries(entries);
}

function observeFound(context: RequestContext, items: readonly HostItem[]): Found {
  if (items.length === 0) return {};
  const observed = observeAll(
    context,
    items.map((item) => ({ item })),
  );
  const entries = [...observed].flatMap(([{ item }, observation]) => {
    const props = foundProps(context, item, observation);
    return props === undefined ? [] : [[itemAddress(item), props] as const];
  });
  return Object.fromEntries(entries);
}

/** Returns the properties to restore; undefined if the item does not exist or cannot be read. */
function foundProps({ host }: RequestContext, item: HostItem, observation: Observation): Props | undefined {
  if (item.kind === "unit") {
    const [former] = formerStates(host, [item]);
    return (
      former && {
        enabled: former.enabled,
        running: former.running,
        ...(former.links && { links: JSON.stringify(former.links) }),
      }
    );
  }
  if ("unknown" in observation) return undefined;
  const { props } = observation;
  if (item.kind === "user")
    return props["present"] === true
      ? { ...props, groups: groupsOf(host.paths.etc, item.name).join(",") }
      : undefined;
  if (item.kind === "group") return props["present"] === true ? { present: true } : undefined;
  const { type = "absent", owner = "", group = "", mode = "" } = props;
  if (!("type" in item.want) || type !== item.want.type) return undefined;
  // A file with `write: once` belongs to the agent, so Muster neither changes the file's access properties nor observes
  // the file.
  if (item.kind === "file" && item.write === "once") return { type };
  return { type, owner, group, mode };
}
