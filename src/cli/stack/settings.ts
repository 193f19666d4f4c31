import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { InvalidError } from "../../base/errors.ts";
import { checkTenant } from "../../config/check-stack-tenant.ts";
import type { Fleet } from "../../config/fleet.ts";
import { type PulumiProject, readProject, readStackFile, stackFile } from "../../engine/project.ts";
import { type StackSettings, stackSettings, WHOLE_FLEET } from "../../model/stack-settings.ts";

/**
 * Reads the settings in a stack's file, which are plain text and need no passphrase.
 *
 * @param name the value of `--stack`; without it, the settings cover the entire fleet and use the login in
 *   fleet.yaml
 * @throws InvalidError for a stack without a file
 */
export function settingsOf(fleet: Fleet, name: unknown): StackSettings {
  if (typeof name !== "string") return WHOLE_FLEET;
  const project = projectOf(fleet.dir);
  if (!existsSync(stackFile(project, name))) {
    throw new InvalidError({
      what: `unknown stack ${JSON.stringify(name)}`,
      why: `${stackFile(project, name)} does not exist.`,
      next: `Known stacks: ${stackNames(project).join(", ") || "none"}.`,
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

/** Lists the stacks that have a file in the project. */
export function stackNames(project: PulumiProject): string[] {
  const dir = join(project.dir, project.stackConfigDir);
  const files = existsSync(dir) ? readdirSync(dir) : [];
  return files.flatMap((file) => /^Pulumi\.(.+)\.yaml$/.exec(file)?.[1] ?? []).sort();
}

export function projectOf(dir: string): PulumiProject {
  const project = readProject(dir);
  if (project !== undefined) return project;
  throw new InvalidError({ what: "no project was found", why: `${dir} has no Pulumi.yaml.` });
}
