import { MusterError } from "../../base/errors.ts";
import type { Observation, UnitItem } from "../../model/items.ts";
import type { Host } from "../context.ts";
import { clearDeferredRestart } from "../units/deferred-restarts.ts";
import { overridesOf, removeOverrides } from "../units/drop-ins.ts";
import { linkOverride } from "../units/provider-override.ts";
import { readQuarantine, release } from "../units/quarantine.ts";
import {
  assertStarted,
  hasNoJob,
  isStopped,
  restartIfRunning,
  START_PATIENCE,
  start,
  stopUnit,
  unitState,
  unmaskIfMasked,
} from "../units/start-stop.ts";
import {
  daemonReload,
  isRunning,
  showProperties,
  showUnits,
  systemctl,
  type UnitState,
  waitForUnits,
} from "../units/systemctl.ts";
import type { ItemState, Kind } from "./kind.ts";
import { orUnknown } from "./observe-as-user.ts";

export const unit: Kind<UnitItem> = {
  observe: ({ host }, targets) => observe(host, targets),
  converge: ({ host }, target) => converge(host, target.item),
  convergeEach: ({ host }, targets) =>
    convergeEach(
      host,
      targets.map(({ item }) => item),
    ),
  remove: ({ host }, { item }) => (item.user === undefined ? remove(host, item) : releaseForeign(host, item)),
  afterReload: true,
};

function observe(host: Host, targets: readonly ItemState<UnitItem>[]): Observation[] {
  const names = targets.map(({ item }) => item.name);
  const states = orUnknown(() => showUnits(host, names));
  if ("unknown" in states) return names.map(() => states);
  return targets.map(({ item: { name, user, want } }, i) => {
    const { active, ...rest } = unitProps(name, states[i] ?? {}, readQuarantine(host, name) !== undefined);
    // A foreign unit that does not exist counts as disabled, because it cannot start at boot.
    if (user !== undefined)
      return { props: { active, enabled: startsAtBoot(rest.enabled) ? "enabled" : "disabled" } };
    // A property that fleet.yaml does not declare cannot differ.
    return { props: want.active === undefined ? rest : { active, ...rest } };
  });
}

/** Returns a unit's properties. @param state its state in systemd */
export function unitProps(name: string, state: UnitState, isQuarantined = false) {
  const masked = state["LoadState"] === "masked" ? "masked" : "absent";
  const active = isRunning(state) || isRestarting(state) ? "running" : "stopped";
  return {
    enabled: state["UnitFileState"] || masked,
    active: isQuarantined ? "quarantined" : active,
    overrides: overridesOf(name, state).join(" ") || "none",
  };
}

/** Whether systemd is about to restart a unit that is ending. This counts as running, like auto-restart. */
function isRestarting({ ActiveState, Job = "", Restart = "no" }: UnitState): boolean {
  return ActiveState === "deactivating" && ["", "0"].includes(Job) && Restart !== "no";
}

/** Whether a unit with this UnitFileState starts at boot. */
function startsAtBoot(enabled: string): boolean {
  return /^(enabled|linked)/.test(enabled);
}

function converge(host: Host, item: UnitItem): void {
  const [error] = convergeEach(host, [item]);
  if (error !== undefined) throw error;
}

/**
 * Corrects foreign units first, then removes overrides, then enables, disables and stops units. Finally
 * starts all units that should run, in parallel.
 *
 * @returns each item's error or undefined, in the order of the items
 */
function convergeEach(host: Host, items: readonly UnitItem[]): unknown[] {
  const errors = new Map<UnitItem, unknown>();
  const each = (some: readonly UnitItem[], work: (item: UnitItem) => void) => {
    for (const item of some.filter((one) => !errors.has(one))) {
      try {
        work(item);
      } catch (error) {
        errors.set(item, error);
      }
    }
  };
  const [foreign, own] = [items.filter(isForeign), items.filter((item) => !isForeign(item))];
  each(foreign, (item) => convergeForeign(host, item));
  const states = stateByUnit(host, own);
  each(own, (item) => clearOverrides(host, item.name, states.get(item.name) ?? {}));
  for (const verb of ["enable", "disable"] as const) {
    const differing = own.filter((item) => mustChange(verb, item, states.get(item.name) ?? {}));
    // Enabling and disabling take effect at boot, so no reload is needed now.
    systemctlForAll(host, [verb, "--no-reload"], differing, each);
  }
  each(
    own.filter(({ want }) => want.active === "stopped"),
    ({ name }) => stopUnit(host, name),
  );
  const starting = own.filter(({ want }) => want.active === "running");
  each(starting, ({ name }) => {
    if (readQuarantine(host, name) !== undefined) throw quarantined(host, name);
  });
  startEach(host, starting, each, errors);
  return items.map((item) => errors.get(item));
}

type Each = (some: readonly UnitItem[], work: (item: UnitItem) => void) => void;

function isForeign({ user }: UnitItem): boolean {
  return user !== undefined;
}

function convergeForeign(host: Host, { name, user = "", want }: UnitItem): void {
  refuseOthers(host, name, user);
  if (want.active === "stopped") stopAndDisable(host, name);
  else if (!isRunning(unitState(host, name))) start(host, "start", name);
}

function stateByUnit(host: Host, items: readonly UnitItem[]): ReadonlyMap<string, UnitState> {
  const names = items.map(({ name }) => name);
  const states = showUnits(host, names);
  return new Map(names.map((name, i) => [name, states[i] ?? {}]));
}

function clearOverrides(host: Host, name: string, state: UnitState): void {
  const overrides = overridesOf(name, state);
  if (overrides.length > 0) {
    removeOverrides(name, overrides);
    daemonReload(host);
    restartIfRunning(host, [name]);
  }
  unmaskIfMasked(host, name, state);
}

function mustChange(verb: "enable" | "disable", { want }: UnitItem, state: UnitState): boolean {
  return want.enabled === `${verb}d` && state["UnitFileState"] !== want.enabled;
}

/** Calls systemctl once for many units; if that fails, once per unit, so that each gets its own error. */
function systemctlForAll(host: Host, words: readonly string[], items: readonly UnitItem[], each: Each): void {
  if (items.length === 0) return;
  const names = items.map(({ name }) => name);
  if (host.run("systemctl", [...words, "--", ...names]).status === 0) return;
  each(items, ({ name }) => systemctl(host, ...words, "--", name));
}

/** Starts all units that are not running, in parallel, and waits for each of them. */
function startEach(
  host: Host,
  items: readonly UnitItem[],
  each: Each,
  errors: ReadonlyMap<UnitItem, unknown>,
): void {
  const open = items.filter((item) => !errors.has(item));
  const states = stateByUnit(host, open);
  const down = open.filter(({ name }) => !isRunning(states.get(name)));
  if (down.length === 0) return;
  // A unit that has failed too often does not start until its failures are reset.
  host.run("systemctl", ["reset-failed", "--", ...down.map(({ name }) => name)]);
  systemctlForAll(host, ["start", "--no-block"], down, each);
  const waited = down.filter((item) => !errors.has(item)).map(({ name }) => name);
  const ended = waitForUnits(host, waited, START_PATIENCE, hasNoJob);
  each(down, ({ name }) => assertStarted(host, name, ended.get(name) ?? {}));
}

/** Refuses a foreign unit that does not run as the agent's user. @throws MusterError */
function refuseOthers(host: Host, name: string, user: string): void {
  const runsAs = userOf(host, name);
  if (runsAs === user) return;
  throw new MusterError({
    what: `${name} was neither stopped nor started`,
    why: `it runs as ${runsAs}, not as ${user}.`,
    next: "Remove it from the agent's `replaces`.",
  });
}

function userOf(host: Host, name: string): string {
  return showProperties(host, [name], ["User"])[0]?.["User"] || "root";
}

/** Stops a foreign unit and disables it, so that it does not start at boot either. */
function stopAndDisable(host: Host, name: string): void {
  systemctl(host, "disable", "--", name);
  stopUnit(host, name);
}

/** Stops and disables a foreign unit that still runs a removed agent, if the unit's user is the agent's. */
function releaseForeign(host: Host, { name, user, want }: UnitItem): readonly string[] {
  if (want.active === "running" && userOf(host, name) === user) stopAndDisable(host, name);
  return [];
}

function quarantined(host: Host, name: string): MusterError {
  const { since = "", reason = "" } = readQuarantine(host, name) ?? {};
  return new MusterError({
    what: `${name} was not started`,
    why: `it has been in quarantine since ${since}: ${reason}.`,
    next: "See `npx fleet history`; `npx fleet release NAME` frees it.",
  });
}

function remove(host: Host, { name, onRemove }: UnitItem): readonly string[] {
  release(host, name);
  clearDeferredRestart(host, name);
  if (onRemove === "keep") return [];
  linkOverride(host, name, undefined);
  const state = unitState(host, name);
  removeOverrides(
    name,
    overridesOf(name, state).filter((path) => path.includes(`/${name}.d/`)),
  );
  if (state["LoadState"] === "not-found") return [];
  if (!isStopped(state)) stopUnit(host, name);
  // This fails if the unit's file no longer exists, which is fine.
  host.run("systemctl", ["disable", "--", name]);
  host.run("systemctl", ["reset-failed", "--", name]);
  return [];
}
