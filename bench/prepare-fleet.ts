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

/** A fleet that is not applied yet, its machines, and the scripts that an expert would use instead of Muster. */
export interface Site {
  readonly project: Project;
  readonly machines: Machines;
  readonly bare: {
    /** Sets up all hosts. */
    readonly apply: BareScripts;
    /** Checks everything that `fleet drift` checks. */
    readonly check: BareScripts;
    /** Checks what `apply` creates. */
    readonly checkApplied: BareScripts;
  };
  /** Stops the machines and removes the project. */
  remove(): Promise<void>;
}

/** Boots machines, and creates a project that declares the layout's agents on these machines. */
export async function makeSite(layout: Layout): Promise<Site> {
  const machines = await bootMachines(layout.hosts);
  const dirs: string[] = [];
  // All resources are on the machines' disks, so the machines can be removed without a `destroy`.
  const remove = async () => {
    await machines.remove();
    for (const dir of dirs) rmSync(dir, { recursive: true, force: true });
  };
  try {
    const project = await makeProject(benchFleet(layout, machines.specs), secretsFor(layout));
    dirs.push(project.dir);
    return { project, machines, bare: scriptsOf(project, layout, machines), remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

function scriptsOf({ dir }: Project, layout: Layout, { ssh }: Machines): Site["bare"] {
  const plan = compilePlan(loadFleet(join(dir, "fleet.yaml")), installedRuntime());
  const sources = { contents: plan.contents, secrets: secretsFor(layout) };
  const scripts = (name: string, scriptOf: (items: readonly HostItem[]) => string) => {
    const byHost = layout.hosts.map((host) => [host, scriptOf(itemsOf(plan, host))] as const);
    return bareScripts(join(dir, ".bare", name), Object.fromEntries(byHost), ssh);
  };
  return {
    apply: scripts("apply", (items) => applyScript(withoutRuntime(items), sources)),
    check: scripts("check", checkScript),
    checkApplied: scripts("check-applied", (items) => checkScript(withoutRuntime(items))),
  };
}
