import { readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { makeProject, must, type Project } from "../test/hosts/support/project.ts";

const ROOT = join(import.meta.dirname, "..");

/**
 * Creates a project with a program that declares nothing. The time of a preview is therefore the time that the engine
 * and Node need. The stack is applied, so a preview has nothing to do.
 */
export async function makeEmptyProject(): Promise<Project> {
  const project = await makeProject({ "Pulumi.yaml": pulumiYaml(), "program.mjs": "" });
  // The language host looks for the SDK next to the program.
  symlinkSync(join(ROOT, "node_modules", "@pulumi"), join(project.dir, "node_modules", "@pulumi"));
  await must(project.pulumi(["up", "--yes", "--skip-preview"]));
  return project;
}

/** A Pulumi.yaml like that of a fleet, so that only the program and the provider are different. */
function pulumiYaml(): string {
  const own = parse(readFileSync(join(ROOT, "Pulumi.yaml"), "utf8")) as object;
  return stringify({ ...own, name: "empty", main: "program.mjs", plugins: {} });
}
