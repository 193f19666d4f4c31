import type { CheckoutItem, Observation, Props } from "../../model/items.ts";
import { accountOf } from "../accounts/read-accounts.ts";
import { forgetState, readState, renameState, sweepPacks, writeState } from "../checkouts/checkout-state.ts";
import { observeCheckout } from "../checkouts/observe-checkout.ts";
import { resetCheckout } from "../checkouts/reset-checkout.ts";
import { touchedUnits } from "../checkouts/touched-units.ts";
import type { RequestContext } from "../request-context.ts";
import type { ItemState, Kind, OnKept } from "./kind.ts";
import { orUnknown } from "./observe-as-user.ts";

/** An agent's checkout of a git repository. */
export const checkout: Kind<CheckoutItem> = {
  observe: (context, targets) => targets.map(({ item }) => orUnknown(() => observeOne(context, item))),
  converge,
  // The folder belongs to the agent, and is kept or removed together with the home.
  remove: ({ host }, { item }) => {
    forgetState(host, item.folder);
    return [];
  },
  rename: ({ host }, from, to) => renameState(host, from.folder, to.folder),
};

function converge(
  context: RequestContext,
  { item }: ItemState<CheckoutItem>,
  _observed: Props,
  onKept: OnKept,
): void {
  const { host } = context;
  const before = readState(host, item.folder);
  const after = resetCheckout(host, item, accountOf(context.accounts, item.actor));
  if (after.kept !== undefined && after.kept.at !== before.kept?.at)
    onKept(`the branch ${after.kept.branch}`);
  sweepPacks(host);
  const units = touchedUnits(item);
  // Without a former revision, there is nothing to go back to.
  if (units.length === 0 || before.revision === undefined || before.revision === after.revision) return;
  writeState(host, { ...after, trial: { units, since: new Date().toISOString() } });
}

/** Without the user, there is no checkout, and nothing may be observed with other rights. */
function observeOne({ host, accounts }: RequestContext, item: CheckoutItem): Observation {
  const account = accounts.users.get(item.actor);
  return account === undefined ? { props: { type: "absent" } } : observeCheckout(host, item, account);
}
