import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { InvalidError } from "../../base/errors.ts";
import { checkTenant } from "../../config/check-tenant.ts";
import type { Fleet } from "../../config/fleet.ts";
import { type PulumiProject, readProject, readStackFile, stackFile } from "../../engine/project.ts";
import { type StackSettings, stackSettings, WHOLE_FLEET } from "../../model/stack-slice.ts";

/**
 * What a stack's file says of the stack, in plain text: no passphrase is needed.
 *
 * @param name of `--stack`; left out: every resource, by the login that fleet.yaml names
 * @throws InvalidError for a stack without a file
 */
export function settingsOf(fleet: Fleet, name: unknown): StackSettings {
  if (typeof name !== "string") return WHOLE_FLEET;
  const project = projectOf(fleet.dir);
  if (!existsSync(stackFile(project, name))) {
    throw new InvalidError({
      what: `unknown stack ${JSON.stringify(name)}`,
      why: `${stackFile(project, name)} is not there.`,
      next: `Known are: ${stackNames(project).join(", ") || "none"}.`,
    });
  }
  const settings = readSettings(project, name);
  checkTenant(fleet, settings.slice);
  return settings;
}

export function readSettings(project: PulumiProject, name: string): StackSettings {
  const config = readStackFile(project, name).config ?? {};
  return stackSettings((key) => {
    const value = config[`muster:${key}`];
    return typeof value === "string" ? value : undefined;
  });
}

/** The stacks that have a file in the project. */
export function stackNames(project: PulumiProject): string[] {
  const dir = join(project.dir, project.stackConfigDir);
  const files = existsSync(dir) ? readdirSync(dir) : [];
  return files.flatMap((file) => /^Pulumi\.(.+)\.yaml$/.exec(file)?.[1] ?? []).sort();
}

export function projectOf(dir: string): PulumiProject {
  const project = readProject(dir);
  if (project !== undefined) return project;
  throw new InvalidError({ what: "no project", why: `${dir} has no Pulumi.yaml.` });
}
