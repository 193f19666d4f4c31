import { MusterError } from "../../base/errors.ts";
import type { HostItem, Refusal } from "../../model/items.ts";
import { asUser } from "../accounts/as-user.ts";
import type { RequestContext } from "../request-context.ts";
import { hasCode } from "../system/error-reason.ts";
import { findAtPlace, linkRefusal, type PathItem } from "./item-place.ts";
import type { ItemState } from "./kind.ts";
import { actorOf } from "./observe-as-user.ts";

/**
 * Refuses items with a link in their path that Muster neither follows nor removes. Called before any item of their
 * resource is changed.
 *
 * @throws MusterError about the first such link
 */
export function refuseLinks(context: RequestContext, targets: readonly ItemState[]): void {
  for (const target of targets) {
    if (!hasPath(target)) continue;
    const refusal = refusalOf(context, target);
    if (refusal !== undefined) throw new MusterError({ what: target.item.path, ...refusal });
  }
}

/**
 * Returns why an item is refused. An item that cannot be read is not refused here, because its converge reports the
 * error.
 */
function refusalOf(context: RequestContext, target: ItemState<PathItem>): Refusal | undefined {
  const { item } = target;
  const account = actorOf(context, item);
  const find = () =>
    findAtPlace(context, item, account, (entry) => {
      if (entry === undefined || (item.kind === "file" && item.write === "once")) return undefined;
      return linkRefusal(target, entry);
    });
  try {
    const found = asUser(account, find);
    return "refusal" in found ? found.refusal : found.value;
  } catch (error) {
    if (hasCode(error, "EACCES")) return undefined;
    throw error;
  }
}

function hasPath(target: ItemState): target is ItemState<PathItem> & ItemState<Extract<HostItem, PathItem>> {
  return "path" in target.item;
}
