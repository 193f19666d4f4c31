import { type BusValue, propertiesIn } from "./parse-dbus-values.ts";
import type { Account, ExecStart, Group, ScannedService, ScannedUnit } from "./scanned-host.ts";
import { settingsOf } from "./unit-settings.ts";

/** The data about a service that the scan reads in addition to the service's properties. */
export interface ServiceFacts {
  readonly unit: ScannedUnit;
  readonly accounts: readonly Account[];
  readonly groups: readonly Group[];
  readonly text: string;
  readonly dropIns: readonly string[];
  readonly environmentFiles: ScannedService["environmentFiles"];
}

/**
 * Parses the settings that systemd has loaded for a service.
 *
 * @param answer the reply of systemd over D-Bus; if the reply cannot be parsed, the service has no command
 */
export function serviceOf(answer: Buffer, facts: ServiceFacts): ScannedService {
  const { unit, accounts, groups, dropIns, environmentFiles } = facts;
  const properties = readProperties(answer);
  const of = (name: string) => properties[name];
  const word = (name: string) => `${of(name) ?? ""}`;
  const list = (name: string) => (Array.isArray(of(name)) ? (of(name) as unknown[]) : []);
  return {
    unit: unit.name,
    user: of("DynamicUser") === true ? undefined : userOf(word("User"), accounts),
    group: groupOf(word("Group"), groups),
    type: word("Type"),
    starts: list("ExecStartEx").map(startOf),
    workdir: word("WorkingDirectory").replace(/^[!-]+/, ""),
    environment: list("Environment").map(String),
    unset: list("UnsetEnvironment").map(String),
    environmentFiles,
    ...limited("memory", amountOf(of("MemoryMax"))),
    ...limited("cpu", amountOf(of("CPUQuotaPerSecUSec"), 1e6)),
    ...limited("tasks", amountOf(of("TasksMax"))),
    ...limited("watchdog", amountOf(of("WatchdogUSec"), 1e6)),
    settings: settingsOf([facts.text, ...dropIns]),
    isOverridden: settingsOf(dropIns).has("Service.ExecStart"),
    path: unit.path,
    source: unit.source,
    enabled: unit.enabled,
    active: unit.active,
    linked: unit.linked,
    stale: unit.stale,
  };
}

function readProperties(answer: Buffer): Readonly<Record<string, BusValue>> {
  try {
    return propertiesIn(answer);
  } catch {
    return {};
  }
}

/** Returns the name of a user. A unit can declare a user by name or by number. */
function userOf(user: string, accounts: readonly Account[]): string {
  const account = accounts.find(({ name, uid }) => name === user || `${uid}` === user);
  return account?.name ?? (user || "root");
}

function groupOf(group: string, groups: readonly Group[]): string {
  return groups.find(({ gid }) => `${gid}` === group)?.name ?? group;
}

function startOf(row: unknown): ExecStart {
  const [path, words, flags] = Array.isArray(row) ? row : [];
  const texts = (value: unknown) => (Array.isArray(value) ? value.map(String) : []);
  return { path: `${path ?? ""}`, words: texts(words), flags: texts(flags) };
}

/** Returns an amount divided by `unit`; undefined for the largest number, which means "no limit" in systemd. */
function amountOf(value: unknown, unit = 1): number | undefined {
  return typeof value === "number" && value > 0 && value < 2 ** 63 ? value / unit : undefined;
}

function limited(key: "memory" | "cpu" | "tasks" | "watchdog", amount: number | undefined) {
  return amount === undefined ? {} : { [key]: amount };
}
