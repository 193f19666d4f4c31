import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync } from "node:fs";
import { join, resolve, sep } from "node:path";
import { parse } from "yaml";
import { pulumiHome } from "./paths.ts";

/** What the engine reads from a project's Pulumi.yaml, as far as it matters here. */
export interface PulumiProject {
  dir: string;
  name: string;
  backend: string;
  stackConfigDir: string;
}

/** The engine's project in that folder; undefined where it has no Pulumi.yaml. */
export function readProject(folder: string): PulumiProject | undefined {
  const dir = resolve(folder);
  const file = join(dir, "Pulumi.yaml");
  if (!existsSync(file)) return undefined;
  const text = readYaml(file) as {
    name?: string;
    backend?: { url?: string };
    stackConfigDir?: string;
  } | null;
  return {
    dir,
    name: text?.name ?? "",
    backend: process.env["PULUMI_BACKEND_URL"] || (text?.backend?.url ?? ""),
    stackConfigDir: text?.stackConfigDir ?? "",
  };
}

/** The folder inside the project that holds its state; undefined where the state is kept elsewhere. */
export function stateDir(project: PulumiProject): string | undefined {
  const path = /^file:\/\/([^?]*)/.exec(project.backend)?.[1];
  if (path === undefined) return undefined;
  const dir = resolve(project.dir, path);
  return dir.startsWith(project.dir + sep) ? dir : undefined;
}

/** A URL of a state as it may be shown. */
export function withoutPassword(url: string): string {
  return url.replace(/^([a-z0-9]+:\/\/[^/?#:@]*):[^/?#]*@/, "$1@").replace(/([?&])password=[^&#]*&?/, "$1");
}

/** Makes the project's own folders, closed to other users: the engine writes its state readable for all. */
export function makeProjectFolders(project: PulumiProject): void {
  for (const dir of [stateDir(project), join(project.dir, ".muster")]) {
    if (dir === undefined) continue;
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    if (openToOthers(dir)) chmodSync(dir, 0o700);
  }
}

/** Whether other users than its owner may do anything with a file or folder. */
export function openToOthers(path: string): boolean {
  return (statSync(path).mode & 0o077) !== 0;
}

/** Where a stack's configuration stands: in a file that a team commits. */
export function stackFile(project: PulumiProject, stack: string): string {
  return join(project.dir, project.stackConfigDir, `Pulumi.${stack}.yaml`);
}

/** A stack's configuration file as data; empty where there is none yet. */
export function readStackFile(
  project: PulumiProject,
  stack: string,
): { encryptionsalt?: string; config?: Record<string, unknown> } {
  const file = stackFile(project, stack);
  return existsSync(file) ? ((readYaml(file) as object | null) ?? {}) : {};
}

/** The stack that `pulumi stack select` chose for this project, without its organization. */
export function selectedStack(project: PulumiProject): string | undefined {
  const hash = createHash("sha1").update(join(project.dir, "Pulumi.yaml")).digest("hex");
  const file = join(pulumiHome(), "workspaces", `${project.name}-${hash}-workspace.json`);
  if (!existsSync(file)) return undefined;
  const { stack, stacks = {} } = JSON.parse(readFileSync(file, "utf8")) as Workspace;
  const selected = stacks[project.backend] ?? stack;
  return selected?.split("/").at(-1);
}

/** The engine's pkg/workspace/settings.go: one selection a backend; `stack` is the older form. */
interface Workspace {
  stack?: string;
  stacks?: Record<string, string>;
}

/** What cannot be read here is for the engine to tell: it names the line. */
export function readYaml(file: string): unknown {
  try {
    return parse(readFileSync(file, "utf8"), { merge: true });
  } catch {
    return null;
  }
}
