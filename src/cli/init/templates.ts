import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { packageRoot } from "../../base/paths.ts";

/**
 * Templates by the file that they become. Their names differ where npm would leave the file's own out of a
 * package.
 */
const TEMPLATES: Readonly<Record<string, string>> = {
  "fleet.yaml": "fleet.yaml",
  "contacts.yaml": "contacts.yaml",
  "identities/scout/SOUL.md": "SOUL.md",
  "Pulumi.yaml": "Pulumi.yaml",
  ".gitignore": "gitignore",
  ".github/workflows/fleet.yaml": "workflow.yaml",
};

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
 */
export function writeTemplates(dir: string, name: string): FileTold[] {
  return [...Object.keys(TEMPLATES), KEPT_FOLDER].map((file) => {
    const path = join(dir, file);
    if (existsSync(path)) return { file, was: "kept" };
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, textOf(file, name), { flag: "wx" });
    return { file, was: "wrote" };
  });
}

function textOf(file: string, name: string): string {
  const template = TEMPLATES[file];
  if (template === undefined) return "";
  return readFileSync(join(packageRoot(), "templates", template), "utf8").replaceAll("{{name}}", name);
}
