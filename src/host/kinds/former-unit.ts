import { MusterError } from "../../base/errors.ts";
import { formerLabel } from "../../model/former-unit.ts";
import type { FormerUnit } from "../../model/found-items.ts";
import type { Observation, Props, UnitItem } from "../../model/items.ts";
import { readAccounts } from "../accounts/read-accounts.ts";
import type { Host } from "../context.ts";
import { checkOwnView } from "../units/check-in-sandbox.ts";
import {
  forgetFormer,
  formerUnitStates,
  isFormerUp,
  startFormer,
  startsAtBoot,
  stopFormer,
} from "../units/former-units.ts";
import type { Links } from "../units/start-links.ts";
import { unitState } from "../units/start-stop.ts";
import { isRunning, showProperties, type UnitState } from "../units/systemctl.ts";
import { beginTakeOver } from "../units/take-over.ts";
import { orUnknown } from "./observe-as-user.ts";
import { unitProps } from "./unit-props.ts";

/** Observes a former unit that does not belong to the system's systemd. */
export function observeFormer(host: Host, item: FormerUnit): Observation {
  return orUnknown(() => {
    const [state = {}] = formerUnitStates(host, [item]);
    return formerProps(item, state, () => ({}));
  });
}

/** Returns the observed state of a former unit. A missing unit counts as disabled, because it cannot start at boot. */
export function formerProps(
  item: FormerUnit,
  state: UnitState,
  linksOf: (unit: string) => Links,
): { readonly props: Props } {
  const { active } = unitProps(item.name, state);
  return { props: { active, enabled: startsAtBoot(item, state, linksOf) ? "enabled" : "disabled" } };
}

/**
 * Prepares every take-over before a former unit stops. If anything prevents the agent's own unit from starting, the
 * former units are not changed.
 *
 * @param starting the agents' own units that should run
 * @param errors the errors so far; the errors of this step are added
 */
export function beginTakeOvers(
  host: Host,
  formers: readonly FormerUnit[],
  starting: readonly UnitItem[],
  errors: Map<UnitItem, unknown>,
): void {
  const stopping = formers.filter(({ want, successor }) => want.active === "stopped" && successor);
  for (const [successor = "", former] of Map.groupBy(stopping, (item) => item.successor)) {
    const own = starting.find(({ name }) => name === successor);
    try {
      if (own !== undefined && errors.has(own)) throw errors.get(own);
      for (const one of former) refuseOthers(host, one);
      if (own === undefined) continue;
      if (!isUp(host, successor) && former.some((one) => isFormerUp(host, one)))
        checkOwnView(host, successor);
      beginTakeOver(host, successor, former);
    } catch (error) {
      for (const item of [...former, ...(own && !isUp(host, successor) ? [own] : [])])
        errors.set(item, error);
    }
  }
}

function isUp(host: Host, name: string): boolean {
  return isRunning(unitState(host, name));
}

export function convergeFormer(host: Host, item: FormerUnit): void {
  refuseOthers(host, item);
  if (item.want.active === "stopped") stopFormer(host, item);
  else startFormer(host, item);
}

/**
 * Stops a former unit that still runs an agent but is no longer declared. The unit must run as the user that was
 * declared.
 */
export function releaseFormer(host: Host, item: FormerUnit): readonly string[] {
  if (item.want.active === "running" && runsAs(host, item) === item.user) stopFormer(host, item);
  forgetFormer(host, item);
  return [];
}

/** Refuses a former unit that does not run as the declared user. @throws MusterError */
function refuseOthers(host: Host, item: FormerUnit): void {
  const user = runsAs(host, item);
  if (user === item.user) return;
  throw new MusterError({
    what: `${formerLabel(item)} was neither stopped nor started`,
    why: `it runs as ${user}, not as ${item.user}.`,
    next: "Correct the agent's `replaces`.",
  });
}

/**
 * Returns the user that runs a former unit. A system unit can name its user by number. A unit of a user's systemd and a
 * session of a user's tmux always run as that user.
 */
function runsAs(host: Host, { name, user, manager }: FormerUnit): string {
  if (manager !== undefined) return user;
  const [{ User: runsAs = "" } = {}] = showProperties(host, [name], ["User"]);
  return /^\d+$/.test(runsAs) ? readAccounts(host.paths.etc).userName(Number(runsAs)) : runsAs || "root";
}
