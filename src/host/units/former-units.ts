import { type Former, formerLabel } from "../../model/former-unit.ts";
import type { Host } from "../context.ts";
import { reasonOf } from "../system/error-reason.ts";
import { type Links, readStartLinks, removeStartLinks, restoreStartLinks } from "./start-links.ts";
import { start, stopUnit, unitState } from "./start-stop.ts";
import { isRunning, showUnits, systemctl, type UnitState } from "./systemctl.ts";
import { forgetSessionStart, readSession, startSession, stopSession } from "./tmux-session.ts";
import { hasUserManager, userManager } from "./user-manager.ts";

/** The state of a service or session that ran an agent before Muster, as it was before Muster stopped it. */
export interface FormerState extends Former {
  readonly enabled: boolean;
  readonly running: boolean;
  /** The links that start a service of the system at boot. Earlier versions of Muster did not record them. */
  readonly links?: Links;
}

/** Returns the states of former units, in the order of `formers`. */
export function formerStates(host: Host, formers: readonly Former[]): FormerState[] {
  const states = formerUnitStates(host, formers);
  const linksOf = readStartLinks(host);
  return formers.map((former, i) => {
    const { name, user, manager, socket } = former;
    return {
      name,
      ...(manager !== undefined && { manager, ...(user && { user }), ...(socket && { socket }) }),
      enabled: startsAtBoot(former, states[i] ?? {}, linksOf),
      running: isRunning(states[i]),
      ...(manager === undefined && { links: linksOf(name) }),
    };
  });
}

/** Returns the states of former units in the form in which systemd reports units, in the order of `formers`. */
export function formerUnitStates(host: Host, formers: readonly Former[]): UnitState[] {
  const system = formers.filter(({ manager }) => manager === undefined);
  const states = showUnits(
    host,
    system.map(({ name }) => name),
  );
  const known = new Map(system.map((former, i) => [former, states[i] ?? {}]));
  return formers.map((former) => known.get(former) ?? otherState(host, former));
}

function otherState(host: Host, former: Former): UnitState {
  const { name, manager, user = "" } = former;
  if (manager === "user") return hasUserManager(host, user) ? unitState(userManager(host, user), name) : DOWN;
  const [pane] = readSession(host, former)?.panes ?? [];
  return pane === undefined ? DOWN : { LoadState: "loaded", ActiveState: "active", MainPID: `${pane.pid}` };
}

const DOWN: UnitState = { ActiveState: "inactive" };

/** Whether a former unit starts at boot. @param linksOf the links that start the system's units */
export function startsAtBoot(
  { name, manager }: Former,
  { UnitFileState = "" }: UnitState,
  linksOf: (unit: string) => Links,
): boolean {
  if (manager === undefined) return Object.keys(linksOf(name)).length > 0;
  return /^(enabled|linked)/.test(UnitFileState);
}

export function isFormerUp(host: Host, former: Former): boolean {
  return formerStates(host, [former]).some(({ running }) => running);
}

/**
 * Stops a former unit and disables it, so that it does not start at boot either. `systemctl disable` is not used for a
 * system service. That command would also remove the link to a unit's file and disable the units in Also=, and Muster
 * could not undo these changes.
 */
export function stopFormer(host: Host, former: Former): void {
  if (former.manager === "tmux") {
    stopSession(host, former);
  } else if (former.manager === undefined) {
    removeStartLinks(host, former.name);
    stopUnit(host, former.name);
  } else if (hasUserManager(host, former.user ?? "")) {
    const view = viewOf(host, former);
    systemctl(view, "disable", "--", former.name);
    stopUnit(view, former.name);
  }
}

/** Starts a former unit that should run. @throws MusterError if the unit does not run afterwards */
export function startFormer(host: Host, former: Former): void {
  if (isFormerUp(host, former)) return;
  if (former.manager === "tmux") startSession(host, former);
  else start(viewOf(host, former), "start", former.name);
}

/**
 * Enables and starts former units as they were before they were stopped.
 *
 * @returns the errors of the former units that do not run again
 */
export function restoreFormers(host: Host, formers: readonly FormerState[]): string[] {
  return inStartOrder(formers).flatMap((former) => {
    try {
      enableFormer(host, former);
      if (former.running) startFormer(host, former);
      return [];
    } catch (error) {
      return [`${formerLabel(former)}: ${reasonOf(error)}`];
    }
  });
}

/**
 * Enables a former unit. If its links were recorded, these links are restored. `systemctl enable` would create the
 * links that the unit's file names, and not the links that existed.
 */
function enableFormer(host: Host, former: FormerState): void {
  if (former.links !== undefined) restoreStartLinks(host, former.links);
  else if (former.enabled && former.manager !== "tmux")
    systemctl(viewOf(host, former), "enable", "--", former.name);
}

/** Sorts former units so that a unit that itself starts a session comes before the session. */
export function inStartOrder<F extends Former>(formers: readonly F[]): F[] {
  const rank = ({ manager }: Former) => Number(manager === "tmux");
  return formers.toSorted((a, b) => rank(a) - rank(b));
}

/** Deletes the data that is needed only to restore a former unit. */
export function forgetFormer(host: Host, former: Former): void {
  if (former.manager === "tmux") forgetSessionStart(host, former);
}

/** Returns the host with calls of systemctl that go to the systemd that runs a former unit. */
function viewOf(host: Host, { manager, user = "" }: Former): Host {
  return manager === "user" ? userManager(host, user) : host;
}
