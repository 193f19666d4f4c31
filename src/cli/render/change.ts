import { visible } from "../../base/terminal-text.ts";
import type { OnChange } from "../../model/deadman.ts";
import type { FleetChange, HostChange, ResourceChange } from "../change/fleet-change.ts";
import { subject } from "./finding-subject.ts";
import { table } from "./table.ts";
import { shortPair } from "./text.ts";

const MARKS: Readonly<Record<ResourceChange["action"], string>> = { create: "+", update: "~", delete: "-" };

/**
 * Renders the effects of a change in fleet.yaml: first the changes on each host, then the changed connection settings
 * of hosts.
 */
export function renderChange({ resources, hosts }: FleetChange): string {
  if (resources.length + hosts.length === 0) return "The change affects no host.\n";
  const sections = [
    ...[...Map.groupBy(resources, (one) => one.host)].map(
      ([host, changes]) => `${visible(host)}\n${table(changes.flatMap(rowsOf), "  ")}`,
    ),
    ...(hosts.length === 0
      ? []
      : [`How hosts would be reached (not tested):\n${table(hosts.map(hostRow), "  ")}`]),
  ];
  return `What the change would do:\n\n${sections.join("\n")}`;
}

function rowsOf(change: ResourceChange): string[][] {
  const place = [MARKS[change.action], subject(change)];
  if (change.action !== "update") return [[...place, change.type, change.resource]];
  const rows = change.properties.map(({ item, property, before, after }) => [
    ...place,
    item,
    property,
    shortPair(before, after).join(" -> "),
  ]);
  return change.restart === undefined ? rows : [...rows, [...place, RESTARTS[change.restart]]];
}

const RESTARTS: Readonly<Record<OnChange, string>> = {
  now: "is restarted",
  "when-idle": "is restarted when it is idle",
  never: "is not restarted",
};

function hostRow({ host, field, before, after }: HostChange): string[] {
  return [host, field, shortPair(before, after).join(" -> ")];
}
