import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { PulumiProject } from "./project.ts";

/** Whether the project has droplets, or had some that its inventory still knows. fleet.yaml is not judged here. */
export function hasDroplets({ dir }: PulumiProject): boolean {
  const [fleet, known] = ["fleet.yaml", "stacks/inventory.droplets.yaml"].map((file) =>
    textOf(join(dir, file)),
  );
  return /\bkind["']?\s*:\s*["']?droplet\b/.test(fleet ?? "") || /^\s+machine:/m.test(known ?? "");
}

/**
 * What the engine does with vendors' plugins, set where it is unset. Without droplets none is needed, and it must not
 * get one, or try to, because a package of its name is installed. With droplets it must look at DigitalOcean before
 * it plans: the vendor's plugin does not ask for that, as ours does. And it must ask for nothing twice: where the answer
 * to `POST /v2/droplets` is lost, its client (godo's retry) would send the same again, and a second droplet would be made.
 * The next run finds the one that is there.
 */
export function pluginEnv(project: PulumiProject | undefined): Record<string, string> {
  if (project !== undefined && hasDroplets(project)) {
    return { PULUMI_OPTION_REFRESH: "true", DIGITALOCEAN_HTTP_RETRY_MAX: "0" };
  }
  return { PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true" };
}

function textOf(file: string): string | undefined {
  return existsSync(file) ? readFileSync(file, "utf8") : undefined;
}
