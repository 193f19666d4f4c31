import type { CopyItem, Observation } from "../../model/items.ts";
import { copyData, forgetCopy, hasArrived } from "../copies/copy-data.ts";
import { withPathItem } from "../fs/open-without-symlinks.ts";
import type { RequestContext } from "../request-context.ts";
import { isRunning, showUnits, type UnitState } from "../units/systemctl.ts";
import type { ItemState, Kind } from "./kind.ts";
import { orUnknown } from "./observe-as-user.ts";

/** Data that is copied from the home of another account, because an agent needs it in its own home. */
export const copy: Kind<CopyItem> = {
  observe: (context, targets) => {
    const units = targets.map(({ item }) => item.unit);
    const states = orUnknown(() => showUnits(context.host, units));
    if ("unknown" in states) return targets.map(() => states);
    return targets.map((target, i) => orUnknown(() => observe(context, target, states[i])));
  },
  converge: (context, { item }) => copyData(context, item),
  remove: ({ host }, { item }) => {
    forgetCopy(host, item);
    return [];
  },
};

/**
 * Observes a copy. After the agent's own unit has taken over, the copy belongs to the agent, and changes of the copy
 * are not drift.
 *
 * @param own the state of the agent's own unit
 */
function observe(
  { host }: RequestContext,
  { item, applied }: ItemState<CopyItem>,
  own: UnitState | undefined,
): Observation {
  const isTakenOver = isRunning(own) || own?.["UnitFileState"] === "enabled" || hasArrived(host, item.unit);
  if (isTakenOver) return { props: item.want };
  const exists = withPathItem(item.to, (entry) => entry !== undefined);
  return { props: { copied: exists ? `${applied?.["copied"] ?? "no"}` : "no" } };
}
