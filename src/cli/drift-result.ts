import { installedRuntime } from "../base/installed-version.ts";
import type { Fleet } from "../config/fleet.ts";
import type { Plan } from "../model/declaration.ts";
import { compilePlan } from "../resources/index.ts";
import type { FleetChange } from "./change/change.ts";
import { comparePlans } from "./change/compare.ts";
import { compareHosts } from "./change/hosts.ts";
import { openChange } from "./change/open.ts";
import type { CommandDefinition, Given } from "./command.ts";
import { withHosts } from "./connections.ts";
import { observeFleet } from "./observe/fleet.ts";
import type { FleetReport } from "./observe/fleet-report.ts";
import { cloudFindings } from "./observe/machine-findings.ts";
import { openFleet } from "./open-fleet.ts";
import type { OpenHost } from "./query-host.ts";
import { READER_OPTIONS, readerIn } from "./reader-login.ts";
import { type Selection, selectionOf } from "./selection.ts";
import { settingsOf } from "./stack/settings.ts";

/** What every command that looks for drift may be told. */
export const DRIFT_OPTIONS: CommandDefinition["options"] = {
  "--host <name>": "only this host",
  "--tenant <name>": "only this tenant's agents",
  "--stack <name>": "only what this stack has, with its own login; needs no passphrase",
  ...READER_OPTIONS,
};

/**
 * Looks for drift as the options of `fleet drift` say, and writes nothing anywhere.
 *
 * With a change, the hosts are still asked as our own fleet.yaml and inventory say, and about our own declarations:
 * nothing that the change names is opened on a host, and none that it adds or moves is contacted.
 *
 * @throws InvalidError where fleet.yaml, the change's or the inventory is not valid
 */
export async function driftOf(options: Given["options"]): Promise<FleetReport> {
  const fleet = openFleet();
  const { change } = options;
  const next = typeof change === "string" ? openChange(change, fleet.dir) : undefined;
  const stack = settingsOf(fleet, options["stack"]);
  const reader = readerIn(fleet, options);
  // A tenant's reader is told nothing of the others; it would take them for not applied yet.
  const tenant = reader?.tenant ?? options["tenant"];
  const selection = selectionOf(declaredIn(fleet, next), { ...options, tenant }, stack.slice);
  const plan = compilePlan(fleet, installedRuntime());
  const look = (open: OpenHost) => observeFleet(fleet, plan, selection, open);
  const machines = options["cloud"] === true ? cloudFindings(fleet.dir, selection, options["stack"]) : [];
  const [onHosts, ofMachines] = await Promise.all([withHosts(fleet, stack, look, reader), machines]);
  const report = { ...onHosts, findings: [...ofMachines, ...onHosts.findings] };
  return next === undefined ? report : { ...report, change: changeTo(next, fleet, plan, selection) };
}

function declaredIn(fleet: Fleet, next: Fleet | undefined): Pick<Fleet, "hosts" | "tenants"> {
  return { hosts: { ...fleet.hosts, ...next?.hosts }, tenants: { ...fleet.tenants, ...next?.tenants } };
}

function changeTo(next: Fleet, fleet: Fleet, plan: Plan, selection: Selection): FleetChange {
  return {
    resources: comparePlans(plan, compilePlan(next, installedRuntime()), selection),
    hosts: compareHosts(fleet.hosts, next.hosts, selection.host),
  };
}
