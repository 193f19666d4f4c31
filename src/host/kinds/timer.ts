import { MusterError } from "../../base/errors.ts";
import type { Observation, TimerItem } from "../../model/items.ts";
import { jobOfUnit } from "../../model/job.ts";
import type { Host } from "../context.ts";
import { forgetFailedJobs } from "../jobs/failed-jobs.ts";
import { forgetAgentsOf } from "../jobs/job-folder.ts";
import { forgetRetries, jobHandlersOf, retryTimer } from "../jobs/retries.ts";
import type { RequestContext } from "../request-context.ts";
import { overridesOf, removeOverrides } from "../units/manual-overrides.ts";
import { daemonReload, isRunning, showUnits, type UnitState } from "../units/systemctl.ts";
import type { ItemState, Kind } from "./kind.ts";
import { orUnknown } from "./observe-as-user.ts";
import { unitProps } from "./unit-props.ts";

/** The timer of a job. A host can have many timers, so each call of systemctl handles all of them. */
export const timer: Kind<TimerItem> = {
  observe: ({ host }, targets) => observe(host, itemsOf(targets)),
  refuse,
  converge: ({ host }, { item }) => converge(host, [item]),
  convergeAll: ({ host }, targets) => converge(host, itemsOf(targets)),
  remove: ({ host }, { item }) => remove(host, [item]),
  removeAll: ({ host }, targets) => remove(host, itemsOf(targets)),
  afterReload: true,
};

function itemsOf(targets: readonly ItemState<TimerItem>[]): TimerItem[] {
  return targets.map(({ item }) => item);
}

/** A timer item with the states of its timer and its service in systemd. */
interface Pair {
  readonly item: TimerItem;
  readonly timer: UnitState;
  readonly service: UnitState;
}

function pairsOf(host: Host, items: readonly TimerItem[]): Pair[] {
  const states = showUnits(
    host,
    items.flatMap(({ name, service }) => [name, service]),
  );
  return items.map((item, i) => ({
    item,
    timer: states[2 * i] ?? {},
    service: states[2 * i + 1] ?? {},
  }));
}

function observe(host: Host, items: readonly TimerItem[]): Observation[] {
  const pairs = orUnknown(() => pairsOf(host, items));
  if ("unknown" in pairs) return items.map(() => pairs);
  return pairs.map((pair) => {
    const { enabled, active } = unitProps(pair.item.name, pair.timer);
    return { props: { enabled, active, overrides: overridesIn(pair).flat().join(" ") || "none" } };
  });
}

function overridesIn({ item, timer, service }: Pair): [ofTimer: string[], ofService: string[]] {
  return [overridesOf(item.name, timer), overridesOf(item.service, service)];
}

/** Refuses a schedule that systemd does not accept, and a user that does not exist. @throws MusterError */
function refuse({ host, accounts }: RequestContext, targets: readonly ItemState<TimerItem>[]): void {
  for (const { item } of targets) {
    if (item.user === undefined || accounts.users.has(item.user)) continue;
    const why = `there is no user ${item.user} on this host.`;
    throw new MusterError({
      what: `${item.name} was not written`,
      why,
      next: "Create this user, or declare another user.",
    });
  }
  const times = targets.flatMap(({ item }) => timesOf(item));
  if (calendar(host, times) === "") return;
  for (const { item } of targets) {
    const objection = calendar(host, timesOf(item));
    if (objection === "") continue;
    const next = "Correct `schedule` of the job; systemd.time(7) describes the format.";
    throw new MusterError({ what: `${item.name} was not written`, why: `systemd says: ${objection}.`, next });
  }
}

function timesOf({ schedule }: TimerItem): string[] {
  return schedule.split("; ");
}

/** Returns systemd's error for these times; empty if systemd accepts them. */
function calendar(host: Host, times: readonly string[]): string {
  const { status, stderr } = host.run("systemd-analyze", ["calendar", "--", ...times]);
  return status === 0 ? "" : stderr.trim().split("\n")[0] || "it failed without a message";
}

function converge(host: Host, items: readonly TimerItem[]): void {
  const pairs = pairsOf(host, items);
  const names = items.map(({ name }) => name);
  let isChanged = false;
  for (const pair of pairs) {
    const [ofTimer, ofService] = overridesIn(pair);
    removeOverrides(pair.item.name, ofTimer);
    removeOverrides(pair.item.service, ofService);
    isChanged ||= ofTimer.length + ofService.length > 0;
  }
  const masked = pairs.filter(({ timer }) => /^masked/.test(timer["UnitFileState"] ?? ""));
  for (const flags of masked.length > 0 ? [[], ["--runtime"]] : []) {
    systemctlForTimers(
      host,
      masked.map(({ item }) => item.name),
      "unmask",
      ...flags,
    );
    isChanged = true;
  }
  // Enabling takes effect at boot, so no reload is needed now.
  systemctlForTimers(host, names, "enable", "--no-reload");
  if (isChanged) daemonReload(host);
  const failed = pairs.filter(({ timer }) => timer["ActiveState"] === "failed");
  if (failed.length > 0)
    systemctlForTimers(
      host,
      failed.map(({ item }) => item.name),
      "reset-failed",
    );
  systemctlForTimers(host, names, "start");
}

/**
 * Runs one systemctl command for many timers.
 *
 * @throws MusterError with systemctl's error message, which names the timer
 */
function systemctlForTimers(host: Host, names: readonly string[], ...verb: readonly string[]): void {
  const { status, stderr } = host.run("systemctl", [...verb, "--", ...names]);
  if (status === 0) return;
  const why = stderr.trim().split("\n")[0] || `it exited with status ${status}`;
  throw new MusterError({ what: `systemctl ${verb.join(" ")} for ${names.length} timers`, why });
}

/** Removes jobs, their runs and their state in systemd. Errors about units that do not exist are ignored. */
function remove(host: Host, items: readonly TimerItem[]): readonly string[] {
  const timers = items.map(({ name }) => name);
  const services = items.map(({ service }) => service);
  for (const { name, service } of items)
    for (const unit of [name, service]) removeOverrides(unit, ownOverrides(unit));
  host.run("systemctl", ["disable", "--no-reload", "--", ...timers]);
  // The units that start runs are stopped first, because such a unit could otherwise start another run after the
  // services have stopped.
  const starters = services.flatMap((service) => [retryTimer(service), ...jobHandlersOf(service)]);
  host.run("systemctl", ["stop", "--", ...timers, ...starters]);
  host.run("systemctl", ["stop", "--", ...services]);
  for (const { item, timer, service } of pairsOf(host, items)) {
    if (![timer, service].some(isRunning)) continue;
    throw new MusterError({ what: item.name, why: "systemd did not stop it or its service" });
  }
  host.run("systemctl", ["clean", "--what=state", "--", ...timers]);
  host.run("systemctl", ["reset-failed", "--", ...timers, ...starters, ...services]);
  const names = services.flatMap((service) => jobOfUnit(service) ?? []);
  forgetRetries(host, services);
  forgetFailedJobs(host, names);
  forgetAgentsOf(host, names);
  return [];
}

/** Returns the overrides of this unit only; drop-ins that also apply to other units are kept. */
function ownOverrides(unit: string): string[] {
  return overridesOf(unit, {}).filter((path) => path.includes(`/${unit}.d/`));
}
