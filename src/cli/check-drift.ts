import { installedRuntime } from "../base/installed-version.ts";
import type { Fleet } from "../config/fleet.ts";
import type { Plan } from "../model/declaration.ts";
import { compilePlan } from "../resources/index.ts";
import { compareHosts } from "./change/compare-hosts.ts";
import { comparePlans } from "./change/compare-plans.ts";
import type { FleetChange } from "./change/fleet-change.ts";
import { openChange } from "./change/load-untrusted-fleet.ts";
import type { CommandDefinition, CommandInput } from "./command.ts";
import { withHosts } from "./connections.ts";
import { observeFleet } from "./observe/fleet.ts";
import type { FleetReport } from "./observe/fleet-report.ts";
import { cloudFindings } from "./observe/machine-findings.ts";
import { openFleet } from "./open-fleet.ts";
import type { OpenHost } from "./query-host.ts";
import { READER_OPTIONS, readerIn } from "./reader-login.ts";
import { type Selection, selectionOf } from "./selection.ts";
import { settingsOf } from "./stack/settings.ts";

/** The options that all commands that check for drift have in common. */
export const DRIFT_OPTIONS: CommandDefinition["options"] = {
  "--host <name>": "only this host",
  "--tenant <name>": "only this tenant's agents",
  "--stack <name>": "only what this stack manages; uses the stack's own login; needs no passphrase",
  ...READER_OPTIONS,
};

/**
 * Checks for drift with the options of `fleet drift`. Writes nothing.
 *
 * Even with `--change`, only the current fleet.yaml and inventory determine which hosts are contacted and which items
 * are read. Muster opens no file that only the change names, and contacts no host or address that only the change
 * declares.
 *
 * @throws InvalidError if the inventory or either fleet.yaml is not valid
 */
export async function driftOf(options: CommandInput["options"]): Promise<FleetReport> {
  const fleet = openFleet();
  const { change } = options;
  const next = typeof change === "string" ? openChange(change, fleet.dir) : undefined;
  const stack = settingsOf(fleet, options["stack"]);
  const reader = readerIn(fleet, options);
  // A tenant's reader cannot observe the resources of other tenants. Without this selection, the report would say that
  // no `up` has applied those resources yet.
  const tenant = reader?.tenant ?? options["tenant"];
  const selection = selectionOf(declaredIn(fleet, next), { ...options, tenant }, stack.slice);
  const plan = compilePlan(fleet, installedRuntime());
  const observe = (open: OpenHost) => observeFleet(fleet, plan, selection, open);
  const machines = options["cloud"] === true ? cloudFindings(fleet.dir, selection, options["stack"]) : [];
  const [onHosts, ofMachines] = await Promise.all([withHosts(fleet, stack, observe, reader), machines]);
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
