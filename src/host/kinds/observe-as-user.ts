import type { HostItem } from "../../model/items.ts";
import type { Account } from "../accounts/accounts.ts";
import { asUser } from "../accounts/as-user.ts";
import type { RequestContext } from "../request-context.ts";
import { hasCode, reasonOf } from "../system/error-reason.ts";
import type { ItemState } from "./kind.ts";

type Actable = Extract<HostItem, { path: string }>;

/** What could not be told, and why. */
export interface Unknown {
  readonly unknown: string;
}

/**
 * Looks at each thing with its actor's rights; a failure makes that one unknown and no other. Where a
 * changed owner or mode keeps the actor itself out, we look with our own rights: through handles, without
 * symlinks, and only at files with one name.
 */
export function observeAsUsers<I extends Actable, T>(
  context: RequestContext,
  targets: readonly ItemState<I>[],
  look: (target: ItemState<I>) => T,
): (T | Unknown)[] {
  const seen = new Map<ItemState<I>, T | Unknown | undefined>();
  for (const [actor, theirs] of Map.groupBy(targets, ({ item }) => item.actor)) {
    const account = actor === undefined ? undefined : context.accounts.users.get(actor);
    asUser(account, () => {
      for (const target of theirs)
        seen.set(
          target,
          unlessDenied(() => look(target)),
        );
    });
  }
  return targets.map((target) => seen.get(target) ?? orUnknown(() => look(target)));
}

/** The account of an item's actor, if it has one and it is there. */
export function actorOf(context: RequestContext, item: Actable): Account | undefined {
  return item.actor === undefined ? undefined : context.accounts.users.get(item.actor);
}

export function orUnknown<T>(look: () => T): T | Unknown {
  try {
    return look();
  } catch (error) {
    return { unknown: reasonOf(error) };
  }
}

function unlessDenied<T>(look: () => T): T | Unknown | undefined {
  try {
    return look();
  } catch (error) {
    return hasCode(error, "EACCES") ? undefined : { unknown: reasonOf(error) };
  }
}
