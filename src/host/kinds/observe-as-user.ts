import type { HostItem } from "../../model/items.ts";
import type { Account } from "../accounts/accounts.ts";
import { asUser } from "../accounts/as-user.ts";
import type { RequestContext } from "../request-context.ts";
import { hasCode, reasonOf } from "../system/error-reason.ts";
import type { ItemState } from "./kind.ts";

type Actable = Extract<HostItem, { path: string }>;

/** Stands for something that could not be observed; `unknown` is the reason. */
export interface Unknown {
  readonly unknown: string;
}

/**
 * Observes each item with its actor's rights; a failure makes only that item unknown. If a changed owner or
 * mode denies the actor access, root observes the item. This is safe, because no symlink is followed, and a
 * file with several names is not read.
 */
export function observeAsUsers<I extends Actable, T>(
  context: RequestContext,
  targets: readonly ItemState<I>[],
  observeOne: (target: ItemState<I>) => T,
): (T | Unknown)[] {
  const observed = new Map<ItemState<I>, T | Unknown | undefined>();
  for (const [actor, theirs] of Map.groupBy(targets, ({ item }) => item.actor)) {
    const account = actor === undefined ? undefined : context.accounts.users.get(actor);
    asUser(account, () => {
      for (const target of theirs)
        observed.set(
          target,
          unlessDenied(() => observeOne(target)),
        );
    });
  }
  return targets.map((target) => observed.get(target) ?? orUnknown(() => observeOne(target)));
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
