import { MusterError } from "../../base/errors.ts";
import { isFormerUnit } from "../../model/found-items.ts";
import type { HostRecord } from "../../model/host-record.ts";
import type { Items, Observations, Refusal } from "../../model/items.ts";
import type { RequestContext } from "../request-context.ts";
import { holderOfUser } from "../store/items-of-other-stacks.ts";
import { unitsOf } from "../units/systemctl.ts";

/**
 * Refuses a new agent with the name of a user that already runs its own services, unless the declaration shows that the
 * agent adopts this user: the agent must replace at least one of these services.
 *
 * @throws MusterError that names the user and its services
 */
export function refuseStranger(context: RequestContext, records: readonly HostRecord[], items: Items): void {
  const stranger = findStranger(context, records, items);
  if (stranger === undefined) return;
  throw new MusterError({ what: `user ${stranger.user} was not adopted`, ...stranger.refusal });
}

/** Adds the refusal to the observations of a new agent, so that a preview reports it. */
export function addStrangerRefusal(
  context: RequestContext,
  records: readonly HostRecord[],
  items: Items,
  observed: Observations,
): Observations {
  const stranger = findStranger(context, records, items);
  const observation = observed[stranger?.item ?? ""];
  if (stranger === undefined || observation === undefined || "unknown" in observation) return observed;
  return { ...observed, [stranger.item]: { ...observation, refusal: stranger.refusal } };
}

interface Stranger {
  /** The name of the item that declares the user. */
  readonly item: string;
  readonly user: string;
  readonly refusal: Refusal;
}

function findStranger(
  { host, accounts }: RequestContext,
  records: readonly HostRecord[],
  items: Items,
): Stranger | undefined {
  const [name, user] =
    Object.entries(items).find(([, item]) => item.kind === "user" && item.system !== true) ?? [];
  if (name === undefined || user?.kind !== "user") return undefined;
  const adopts = Object.values(items).some((item) => isFormerUnit(item) && item.user === user.name);
  if (adopts || !accounts.users.has(user.name)) return undefined;
  if (holderOfUser(records, user.name) !== undefined) return undefined;
  const running = unitsOf(host, user.name).filter((unit) => !unit.startsWith("muster-"));
  if (running.length === 0) return undefined;
  const why = `the user ${user.name} exists on the host already and runs ${running.join(", ")}.`;
  const next =
    "If this is the agent, list the service in `replaces` (docs/adopting.md). Otherwise give the agent another name.";
  return { item: name, user: user.name, refusal: { why, next } };
}
