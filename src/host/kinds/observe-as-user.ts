import type { HostItem } from "../../model/items.ts";
import { asUser } from "../accounts/as-user.ts";
import type { Account } from "../accounts/read-accounts.ts";
import type { RequestContext } from "../request-context.ts";
import { hasCode, reasonOf } from "../system/error-reason.ts";
import type { ItemState } from "./kind.ts";

type Actable = Extract<HostItem, { path: string }>;

/** The result of an observation that has failed; `unknown` is the reason. */
export interface Unknown {
  readonly unknown: string;
}

/**
 * Observes each item with its actor's rights; a failure makes only that item unknown. If a changed owner or mode denies
 * the actor access, root observes the item. This is safe, because root follows no link in a folder that the actor can
 * change, and a file with several names is not read.
 *
 * @param observeOne receives the account whose rights it uses; undefined for root
 */
export function observeAsUsers<I extends Actable, T>(
  context: RequestContext,
  targets: readonly ItemState<I>[],
  observeOne: (target: ItemState<I>, walker: Account | undefined) => T,
): (T | Unknown)[] {
  const observed = new Map<ItemState<I>, T | Unknown | undefined>();
  for (const [actor, theirs] of Map.groupBy(targets, ({ item }) => item.actor)) {
    const account = actor === undefined ? undefined : context.accounts.users.get(actor);
    asUser(account, () => {
      for (const target of theirs)
        observed.set(
          target,
          unlessDenied(() => observeOne(target, account)),
        );
    });
  }
  return targets.map((target) => observed.get(target) ?? orUnknown(() => observeOne(target, undefined)));
}

/** Returns the account of an item's actor; undefined if there is no actor or the account does not exist. */
export function actorOf(context: RequestContext, item: Actable): Account | undefined {
  return item.actor === undefined ? undefined : context.accounts.users.get(item.actor);
}

export function orUnknown<T>(read: () => T): T | Unknown {
  try {
    return read();
  } catch (error) {
    return { unknown: reasonOf(error) };
  }
}

function unlessDenied<T>(read: () => T): T | Unknown | undefined {
  try {
    return read();
  } catch (error) {
    return hasCode(error, "EACCES") ? undefined : { unknown: reasonOf(error) };
  }
}
