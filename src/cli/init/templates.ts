import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { packageRoot } from "../../base/paths.ts";

/**
 * Templates by the file that they become. Their names differ where npm would leave the file's own out of a
 * package.
 */
const FILES: Readonly<Record<string, string>> = {
  "fleet.yaml": "fleet.yaml",
  "contacts.yaml": "contacts.yaml",
  "identities/scout/SOUL.md": "SOUL.md",
  "Pulumi.yaml": "Pulumi.yaml",
  ".gitignore": "gitignore",
};

/** The forges whose workflows are one file for both, by the folder in which each looks for them. */
const WORKFLOWS: Readonly<Record<string, string>> = {
  github: ".github/workflows",
  gitea: ".gitea/workflows",
};

/** The forges that a project can be made for. */
export const FORGES = Object.keys(WORKFLOWS);

/** A folder that git would not keep empty. */
const KEPT_FOLDER = "stacks/.gitkeep";

/** What was done with a file of the new project; a file that was there is `kept` as it is. */
export interface FileTold {
  readonly file: string;
  readonly was: "wrote" | "completed" | "kept";
}

/**
 * Writes the files of a new project that are not there yet.
 *
 * @param name the project's name, which stands in some of them
 * @param forge one of FORGES
 */
export function writeTemplates(dir: string, name: string, forge: string): FileTold[] {
  const templates = templatesFor(forge);
  return [...Object.keys(templates), KEPT_FOLDER].map((file) => {
    const path = join(dir, file);
    if (existsSync(path)) return { file, was: "kept" };
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, textOf(templates[file], name), { flag: "wx" });
    return { file, was: "wrote" };
  });
}

function templatesFor(forge: string): Readonly<Record<string, string>> {
  const folder = WORKFLOWS[forge];
  return {
    ...FILES,
    [`${folder}/fleet-change.yaml`]: "workflows/change.yaml",
    [`${folder}/fleet-drift.yaml`]: "workflows/drift.yaml",
  };
}

function textOf(template: string | undefined, name: string): string {
  if (template === undefined) return "";
  return readFileSync(join(packageRoot(), "templates", template), "utf8").replaceAll("{{name}}", name);
}
