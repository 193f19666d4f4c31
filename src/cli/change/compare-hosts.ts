import type { HostSpec } from "../../config/fleet.ts";
import type { HostChange } from "./fleet-change.ts";

type Hosts = Readonly<Record<string, HostSpec>>;

/**
 * Returns the connection settings that differ. For a host that is added or removed, returns the single field
 * `declared`.
 */
export function compareHosts(before: Hosts, after: Hosts, only?: string): HostChange[] {
  const names = Object.keys({ ...before, ...after }).filter((name) => only === undefined || name === only);
  return names.flatMap((host) => compareHost(host, before[host], after[host]));
}

function compareHost(host: string, before: HostSpec | undefined, after: HostSpec | undefined): HostChange[] {
  if (before === undefined || after === undefined) {
    const isDeclared = (spec: HostSpec | undefined) => (spec === undefined ? "no" : "yes");
    return [{ host, field: "declared", before: isDeclared(before), after: isDeclared(after) }];
  }
  const [old, wanted] = [fieldsOf(before), fieldsOf(after)];
  return Object.keys({ ...old, ...wanted })
    .filter((field) => old[field] !== wanted[field])
    .map((field) => ({ host, field, before: old[field] ?? "none", after: wanted[field] ?? "none" }));
}

function textOf(value: unknown): string {
  const isMap = typeof value === "object" && value !== null && !Array.isArray(value);
  return isMap ? JSON.stringify(value) : String(value);
}

function fieldsOf(spec: HostSpec): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(spec).map(([field, value]) => [field, textOf(value)]));
}
