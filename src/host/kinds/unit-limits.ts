import { readFileSync } from "node:fs";
import type { LimitsItem, Observation, Props } from "../../model/items.ts";
import { LIMITS, type Limit, limitLines, memoryText, UNLIMITED } from "../../model/unit-limits.ts";
import type { Host } from "../context.ts";
import { kernelLimit } from "../system/cgroups.ts";
import { overridesOf, removeOverrides } from "../units/manual-overrides.ts";
import { daemonReload, showProperties, systemctl, type UnitState } from "../units/systemctl.ts";
import { differs } from "./file-attributes.ts";
import type { ItemState, Kind } from "./kind.ts";
import { orUnknown } from "./observe-as-user.ts";

/**
 * Checks that the kernel enforces a unit's limits. The unit file, which sets the limits, is a separate item.
 */
export const limits: Kind<LimitsItem> = {
  observe: ({ host }, targets) => observe(host, targets),
  converge: ({ host }, { item }) => converge(host, item),
  remove: (_, { item }) => remove(item),
  afterReload: true,
};

const PROPERTIES = ["ControlGroup", "DropInPaths", "MemoryMax", "CPUQuotaPerSecUSec", "TasksMax"];

function observe(host: Host, targets: readonly ItemState<LimitsItem>[]): Observation[] {
  const names = targets.map(({ item }) => item.name);
  const observed = orUnknown(() => ({
    states: showProperties(host, names, PROPERTIES),
    mounts: readFileSync(host.paths.mounts, "utf8"),
  }));
  if ("unknown" in observed) return names.map(() => observed);
  return targets.map(({ item }, i) => ({ props: propsOf(item, observed.states[i] ?? {}, observed.mounts) }));
}

/** Returns a unit's limits from the kernel, or from systemd if the unit is not running and has no cgroup. */
function propsOf({ name, want }: LimitsItem, state: UnitState, mounts: string): Props {
  const { ControlGroup: group = "", MemoryMax = "", CPUQuotaPerSecUSec: quota = "", TasksMax = "" } = state;
  const fromSystemd: Readonly<Record<Limit, string | number>> = {
    memory: isUnlimited(MemoryMax) ? UNLIMITED : memoryText(Number(MemoryMax)),
    cpu: isUnlimited(quota) ? UNLIMITED : secondsOf(quota),
    tasks: isUnlimited(TasksMax) ? UNLIMITED : Number(TasksMax),
  };
  const limits = LIMITS.filter((limit) => want[limit] !== undefined).map((limit) => [
    limit,
    kernelLimit(limit, group, mounts) ?? fromSystemd[limit],
  ]);
  const overrides = overridesOf(name, state).join(" ") || "none";
  return { ...Object.fromEntries(limits), ...(want.overrides && { overrides }) };
}

function isUnlimited(value: string): boolean {
  return ["", "infinity"].includes(value);
}

const SPANS: Readonly<Record<string, number>> = { us: 1e-6, ms: 1e-3, s: 1, min: 60, h: 3600 };

/** Parses a time span from systemd, such as `1min 30s 500ms`. @returns seconds, rounded to hundredths */
function secondsOf(text: string): number {
  const parts = text.matchAll(/([\d.]+)([a-z]+)/g);
  const seconds = [...parts].reduce(
    (sum, [, count, unit]) => sum + Number(count) * (SPANS[unit ?? ""] ?? 0),
    0,
  );
  return Math.round(100 * seconds) / 100;
}

/**
 * Makes systemd write the limits to the kernel again. The unit file already matches fleet.yaml; setting a
 * property makes systemd overwrite values that somebody has changed in the cgroup.
 */
function converge(host: Host, item: LimitsItem): void {
  const { name, want } = item;
  if (want.overrides) removeAllOverrides(host, name);
  const [observed] = observe(host, [{ item }]);
  if (observed === undefined || !("props" in observed) || !differs(want, observed.props, ...LIMITS)) return;
  systemctl(host, "set-property", "--runtime", "--", name, ...limitLines(want).map((line) => line.join("=")));
  removeAllOverrides(host, name);
}

function removeAllOverrides(host: Host, name: string): void {
  removeOverrides(name, overridesOf(name, showProperties(host, [name], PROPERTIES)[0] ?? {}));
  daemonReload(host);
}

/** Removes the unit's overrides, unless a separate unit item is responsible for them. */
function remove({ name, want }: LimitsItem): readonly string[] {
  if (want.overrides) removeOverrides(name, overridesOf(name, {}));
  return [];
}
