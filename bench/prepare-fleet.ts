import { rmSync } from "node:fs";
import { join } from "node:path";
import { installedRuntime } from "../src/base/installed-version.ts";
import { loadFleet } from "../src/config/load-fleet.ts";
import type { HostItem } from "../src/model/items.ts";
import { compilePlan } from "../src/resources/index.ts";
import { type Layout, secretsFor } from "../test/hosts/support/fleets.ts";
import { makeProject, type Project } from "../test/hosts/support/project.ts";
import { applyScript } from "./bare/apply-script.ts";
import { checkScript } from "./bare/check-script.ts";
import { itemsOf, withoutRuntime } from "./bare/items.ts";
import { type BareScripts, bareScripts } from "./bare/write-scripts.ts";
import { benchFleet } from "./fleet.ts";
import { bootMachines, type Machines } from "./machines.ts";
import { openConnections } from "./open-connections.ts";

/** A fleet that is not applied yet, its machines, and the scripts that an expert would use instead of Muster. */
export interface Site {
  readonly project: Project;
  readonly machines: Machines;
  readonly bare: {
    /** Sets up all hosts. */
    readonly apply: BareScripts;
    /** Checks everything that `fleet drift` checks. */
    readonly check: BareScripts;
    /** Like `check`, but over connections that stay open for the next run. */
    readonly checkAgain: BareScripts;
    /** Checks what `apply` creates. */
    readonly checkApplied: BareScripts;
  };
  /** Ends the connections that Muster's commands have left open. */
  closeConnections(): Promise<void>;
  /** Stops the machines and removes the project. */
  remove(): Promise<void>;
}

/** Boots machines, and creates a project that declares the layout's agents on these machines. */
export async function makeSite(layout: Layout): Promise<Site> {
  const machines = await bootMachines(layout.hosts);
  const connections = openConnections();
  const dirs: string[] = [];
  // All resources are on the machines' disks, so the machines can be removed without a `destroy`.
  const remove = async () => {
    await connections.remove();
    await machines.remove();
    for (const dir of dirs) rmSync(dir, { recursive: true, force: true });
  };
  try {
    const project = await makeProject(
      benchFleet(layout, machines.specs),
      secretsFor(layout),
      connections.env,
    );
    dirs.push(project.dir);
    const bare = scriptsOf(project, layout, machines, connections.plainSsh);
    return { project, machines, bare, closeConnections: connections.close, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

function scriptsOf(
  { dir }: Project,
  layout: Layout,
  { ssh }: Machines,
  stayOpen: readonly string[],
): Site["bare"] {
  const plan = compilePlan(loadFleet(join(dir, "fleet.yaml")), installedRuntime());
  const sources = { contents: plan.contents, secrets: secretsFor(layout) };
  const scripts = (
    name: string,
    scriptOf: (items: readonly HostItem[]) => string,
    options: readonly string[] = [],
  ) => {
    const byHost = layout.hosts.map((host) => [host, scriptOf(itemsOf(plan, host))] as const);
    const into = (host: string) => [...options, ...ssh(host)];
    return bareScripts(join(dir, ".bare", name), Object.fromEntries(byHost), into);
  };
  return {
    apply: scripts("apply", (items) => applyScript(withoutRuntime(items), sources)),
    check: scripts("check", checkScript),
    checkAgain: scripts("check-again", checkScript, stayOpen),
    checkApplied: scripts("check-applied", (items) => checkScript(withoutRuntime(items))),
  };
}
