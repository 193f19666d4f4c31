import { readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { makeProject, must, type Project } from "../test/hosts/support/project.ts";

const ROOT = join(import.meta.dirname, "..");

/**
 * Creates a project with a program that declares nothing, and applies its stack, so that a preview has nothing to do.
 * The time of a preview is therefore the time that the engine and Node need.
 */
export async function makeEmptyProject(): Promise<Project> {
  const project = await makeProject({ "Pulumi.yaml": pulumiYaml(), "program.mjs": "" });
  // The language host searches for the SDK in the folder of the program.
  symlinkSync(join(ROOT, "node_modules", "@pulumi"), join(project.dir, "node_modules", "@pulumi"));
  await must(project.pulumi(["up", "--yes", "--skip-preview"]));
  return project;
}

/** Returns a Pulumi.yaml like the Pulumi.yaml of a fleet, so that only the program and the provider differ. */
function pulumiYaml(): string {
  const own = parse(readFileSync(join(ROOT, "Pulumi.yaml"), "utf8")) as object;
  return stringify({ ...own, name: "empty", main: "program.mjs", plugins: {} });
}
