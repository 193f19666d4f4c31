import { MusterError } from "../../base/errors.ts";
import type { Pause, Quarantine } from "../../model/deadman.ts";
import { isFormerUnit } from "../../model/found-items.ts";
import { agentOfUnit } from "../../model/host-paths.ts";
import type { Observation, Refusal, UnitItem } from "../../model/items.ts";
import type { Host } from "../context.ts";
import { copyAtTakeOver, forgetCopies } from "../copies/copy-data.ts";
import type { RequestContext } from "../request-context.ts";
import { writeFormerKeys } from "../store/former-keys.ts";
import { clearDeferredRestart } from "../units/deferred-restarts.ts";
import { overridesOf, removeOverrides } from "../units/manual-overrides.ts";
import { clearPendingPause } from "../units/pause.ts";
import { linkOverride } from "../units/provider-override.ts";
import { readPause, readQuarantine, release } from "../units/quarantine.ts";
import { readStartLinks } from "../units/start-links.ts";
import {
  assertStarted,
  isStopped,
  restartIfRunning,
  stopUnit,
  unitState,
  unmaskIfMasked,
  waitForStarts,
} from "../units/start-stop.ts";
import { daemonReload, isRunning, showUnits, systemctl, type UnitState } from "../units/systemctl.ts";
import { readTakeOver, rollBack } from "../units/take-over.ts";
import { beginTakeOvers, convergeFormer, formerProps, observeFormer, releaseFormer } from "./former-unit.ts";
import type { ItemState, Kind } from "./kind.ts";
import { orUnknown } from "./observe-as-user.ts";
import { unitProps } from "./unit-props.ts";

export const unit: Kind<UnitItem> = {
  observe: ({ host }, targets) => observe(host, targets),
  converge: (context, target) => converge(context, target.item),
  convergeEach: (context, targets) =>
    convergeEach(
      context,
      targets.map(({ item }) => item),
    ),
  remove: ({ host }, { item }) => (isFormerUnit(item) ? releaseFormer(host, item) : remove(host, item)),
  afterReload: true,
};

function observe(host: Host, targets: readonly ItemState<UnitItem>[]): Observation[] {
  const items = targets.map(({ item }) => item);
  const ofSystem = items.filter(({ manager }) => manager === undefined);
  const states = orUnknown(() => stateByUnit(host, ofSystem));
  const linksOf = readStartLinks(host);
  return items.map((item) => {
    if (isFormerUnit(item) && item.manager !== undefined) return observeFormer(host, item);
    if ("unknown" in states) return states;
    const state = states.get(item.name) ?? {};
    return isFormerUnit(item) ? formerProps(item, state, linksOf) : observeOwn(host, item, state);
  });
}

function observeOwn(host: Host, { name, want }: UnitItem, state: UnitState): Observation {
  const quarantine = readQuarantine(host, name);
  const { active, ...rest } = unitProps(name, state, quarantine !== undefined);
  const pause = readPause(host, name);
  // A property that fleet.yaml does not declare is left out, so that it does not count as a difference.
  if (want.active === undefined) return { props: rest, ...refusedBy(quarantine) };
  // A pause is intended, and `fleet ps` shows it.
  if (pause !== undefined)
    return { props: { active: want.active, ...rest }, warning: pauseWarning(name, pause) };
  return { props: { active, ...rest }, ...refusedBy(quarantine) };
}

function refusedBy(quarantine: Quarantine | undefined): { readonly refusal?: Refusal } {
  return quarantine === undefined ? {} : { refusal: quarantineRefusal(quarantine) };
}

function pauseWarning(unit: string, { since, by, park, reason }: Pause): string {
  const name = agentOfUnit(unit) ?? unit;
  if (park !== undefined)
    return `${name} has been parked since ${since}: ${reason}; so \`up\` does not start it; \`npx fleet resume ${name}\` does.`;
  return `${name} was paused by ${by} at ${since}, so \`up\` does not start it; \`npx fleet resume ${name}\` does.`;
}

function converge(context: RequestContext, item: UnitItem): void {
  const [error] = convergeEach(context, [item]);
  if (error !== undefined) throw error;
}

/**
 * Corrects former units first, and copies the data that they have written. Then removes overrides, and enables,
 * disables and stops units. Finally starts all units that should run, in parallel.
 *
 * @returns each item's error or undefined, in the order of the items
 */
function convergeEach(context: RequestContext, items: readonly UnitItem[]): unknown[] {
  const { host } = context;
  const errors = new Map<UnitItem, unknown>();
  const each = <I extends UnitItem>(some: readonly I[], work: (item: I) => void) => {
    for (const item of some.filter((one) => !errors.has(one))) {
      try {
        work(item);
      } catch (error) {
        errors.set(item, error);
      }
    }
  };
  const formers = items.filter(isFormerUnit);
  const own = items.filter((item) => !isFormerUnit(item));
  const starting = own.filter(
    ({ name, want }) => want.active === "running" && readPause(host, name) === undefined,
  );
  each(starting, ({ name }) => {
    if (readQuarantine(host, name) !== undefined) throw quarantined(host, name);
  });
  beginTakeOvers(host, formers, starting, errors);
  each(formers, (item) => convergeFormer(host, item));
  each(starting, ({ name }) => copyAtTakeOver(context, name));
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
  startEach(host, starting, each, errors);
  rollBackFailed(host, items, errors);
  return items.map((item) => errors.get(item));
}

/** Restores the former units of each own unit that could not be started. */
function rollBackFailed(host: Host, items: readonly UnitItem[], errors: Map<UnitItem, unknown>): void {
  for (const [item, error] of errors) {
    const unit = item.successor ?? item.name;
    const takeOver = readTakeOver(host, unit);
    if (takeOver === undefined || !items.includes(item)) continue;
    errors.set(item, rollBack(host, takeOver, error));
  }
}

type Each = <I extends UnitItem>(some: readonly I[], work: (item: I) => void) => void;

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

/**
 * Calls systemctl once for many units. If this call fails, calls systemctl once per unit, so
 * that each unit gets its own error.
 */
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
  const ended = waitForStarts(host, waited);
  each(down, ({ name }) => assertStarted(host, name, ended.get(name) ?? {}));
}

function quarantined(host: Host, name: string): MusterError {
  const refusal = quarantineRefusal(readQuarantine(host, name) ?? { since: "", reason: "" });
  return new MusterError({ what: `${name} was not started`, ...refusal });
}

function quarantineRefusal({ since, reason }: Quarantine): Required<Refusal> {
  return {
    why: `it has been in quarantine since ${since}: ${reason}.`,
    next:
      "`npx fleet history NAME` shows what happened. Correct its declaration in fleet.yaml, and `npx pulumi up` " +
      "releases it. If nothing in fleet.yaml is wrong, run `npx fleet release NAME`.",
  };
}

function remove(host: Host, { name, onRemove }: UnitItem): readonly string[] {
  release(host, name);
  clearDeferredRestart(host, name);
  clearPendingPause(host, name);
  forgetCopies(host, name);
  writeFormerKeys(host, agentOfUnit(name) ?? "", []);
  if (onRemove === "keep") return [];
  linkOverride(host, name, undefined);
  const state = unitState(host, name);
  removeOverrides(
    name,
    overridesOf(name, state).filter((path) => path.includes(`/${name}.d/`)),
  );
  if (state["LoadState"] === "not-found") return [];
  if (!isStopped(state)) stopUnit(host, name);
  // This removes the folder that systemd has created for the unit. The folder contains the agent's last output.
  if (agentOfUnit(name) !== undefined) host.run("systemctl", ["clean", "--what=logs", "--", name]);
  // This command fails if the unit's file no longer exists. The error is then ignored.
  host.run("systemctl", ["disable", "--", name]);
  host.run("systemctl", ["reset-failed", "--", name]);
  return [];
}
