import type { HostItem } from "../../model/items.ts";
import type { Account } from "../accounts/accounts.ts";
import { asUser } from "../accounts/as-user.ts";
import { hasCode, reasonOf } from "../system/error-reason.ts";
import type { ItemState, KindContext } from "./kind.ts";

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
  scene: KindContext,
  subjects: readonly ItemState<I>[],
  look: (subject: ItemState<I>) => T,
): (T | Unknown)[] {
  const seen = new Map<ItemState<I>, T | Unknown | undefined>();
  for (const [actor, theirs] of Map.groupBy(subjects, ({ item }) => item.actor)) {
    const account = actor === undefined ? undefined : scene.accounts.users.get(actor);
    asUser(account, () => {
      for (const subject of theirs)
        seen.set(
          subject,
          unlessDenied(() => look(subject)),
        );
    });
  }
  return subjects.map((subject) => seen.get(subject) ?? orUnknown(() => look(subject)));
}

/** The account of an item's actor, if it has one and it is there. */
export function actorOf(scene: KindContext, item: Actable): Account | undefined {
  return item.actor === undefined ? undefined : scene.accounts.users.get(item.actor);
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
