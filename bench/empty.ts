import { readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { makeProject, must, type Project } from "../test/hosts/support/project.ts";

const ROOT = join(import.meta.dirname, "..");

/**
 * A project whose program declares nothing: what its preview takes is the engine's own and Node's. Its stack is up, so
 * that a preview has nothing to do.
 */
export async function makeEmptyProject(): Promise<Project> {
  const project = await makeProject({ "Pulumi.yaml": pulumiYaml(), "program.mjs": "" });
  // The language host looks for the SDK where the program is.
  symlinkSync(join(ROOT, "node_modules", "@pulumi"), join(project.dir, "node_modules", "@pulumi"));
  await must(project.pulumi(["up", "--yes", "--skip-preview"]));
  return project;
}

/** As a fleet's own, so that the engine runs it alike; but for the program and the provider. */
function pulumiYaml(): string {
  const own = parse(readFileSync(join(ROOT, "Pulumi.yaml"), "utf8")) as object;
  return stringify({ ...own, name: "empty", main: "program.mjs", plugins: {} });
}
