import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync } from "node:fs";
import { join, resolve, sep } from "node:path";
import { parse } from "yaml";
import { pulumiHome } from "./paths.ts";

/** The settings in a project's Pulumi.yaml that Muster uses. */
export interface PulumiProject {
  dir: string;
  name: string;
  /** The URL of the state; empty if the project does not set one. */
  backend: string;
  /**
   * The folder of the stacks' configuration files, relative to `dir`; empty if the project does not set one.
   */
  stackConfigDir: string;
  /** Whether the project runs Muster's own program, and not the user's own program. */
  isMusterProgram: boolean;
}

/** Reads the Pulumi project in a folder. Returns undefined if the folder has no Pulumi.yaml. */
export function readProject(folder: string): PulumiProject | undefined {
  const dir = resolve(folder);
  const file = join(dir, "Pulumi.yaml");
  if (!existsSync(file)) return undefined;
  const text = readYaml(file) as {
    name?: string;
    backend?: { url?: string };
    stackConfigDir?: string;
    main?: unknown;
  } | null;
  return {
    dir,
    name: text?.name ?? "",
    backend: process.env["PULUMI_BACKEND_URL"] || (text?.backend?.url ?? ""),
    stackConfigDir: text?.stackConfigDir ?? "",
    isMusterProgram: typeof text?.main === "string" && /(^|\/)dist\/program\.mjs$/.test(text.main),
  };
}

/**
 * Returns the folder inside the project that contains the state; undefined if the state is kept elsewhere.
 */
export function stateDir(project: PulumiProject): string | undefined {
  const path = /^file:\/\/([^?]*)/.exec(project.backend)?.[1];
  if (path === undefined) return undefined;
  const dir = resolve(project.dir, path);
  return dir.startsWith(project.dir + sep) ? dir : undefined;
}

/** Returns the URL of a state without the password in it, so that the URL can be shown. */
export function withoutPassword(url: string): string {
  return url.replace(/^([a-z0-9]+:\/\/[^/?#:@]*):[^/?#]*@/, "$1@").replace(/([?&])password=[^&#]*&?/, "$1");
}

/**
 * Creates the project's state folder and .muster. Other users cannot open these folders. This is necessary because the
 * engine creates state files that all users can read.
 */
export function makeProjectFolders(project: PulumiProject): void {
  for (const dir of [stateDir(project), join(project.dir, ".muster")]) {
    if (dir === undefined) continue;
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    if (openToOthers(dir)) chmodSync(dir, 0o700);
  }
}

/** Whether users other than the owner have any permission on a file or folder. */
export function openToOthers(path: string): boolean {
  return (statSync(path).mode & 0o077) !== 0;
}

/** Returns the path of a stack's configuration file, which a team commits. */
export function stackFile(project: PulumiProject, stack: string): string {
  return join(project.dir, project.stackConfigDir, `Pulumi.${stack}.yaml`);
}

/** Reads a stack's configuration file. Returns an empty object if there is no file yet. */
export function readStackFile(
  project: PulumiProject,
  stack: string,
): { encryptionsalt?: string; config?: Record<string, unknown> } {
  const file = stackFile(project, stack);
  return existsSync(file) ? ((readYaml(file) as object | null) ?? {}) : {};
}

/**
 * Returns the stack that `pulumi stack select` chose for this project, without its organization; undefined if
 * no stack is selected.
 */
export function selectedStack(project: PulumiProject): string | undefined {
  const hash = createHash("sha1").update(join(project.dir, "Pulumi.yaml")).digest("hex");
  const file = join(pulumiHome(), "workspaces", `${project.name}-${hash}-workspace.json`);
  if (!existsSync(file)) return undefined;
  const { stack, stacks = {} } = JSON.parse(readFileSync(file, "utf8")) as Workspace;
  const selected = stacks[project.backend] ?? stack;
  return selected?.split("/").at(-1);
}

/**
 * The engine's workspace file (pkg/workspace/settings.go). `stacks` contains the selected stack of each backend. Older
 * engines wrote `stack` instead.
 */
interface Workspace {
  stack?: string;
  stacks?: Record<string, string>;
}

/** Parses a YAML file. Returns null if the file is invalid. The engine later reports the error and its line. */
export function readYaml(file: string): unknown {
  try {
    return parse(readFileSync(file, "utf8"), { merge: true });
  } catch {
    return null;
  }
}
