import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { writeFileAtomic } from "../../base/files.ts";
import { PACKAGE_NAME, packageRoot } from "../../base/muster-folders.ts";
import { FORMER_PACKAGE, withCurrentPackage } from "../../engine/former-package.ts";

/** The template of each file of the example fleet: fleet.yaml and the files that fleet.yaml names. */
const FLEET: Readonly<Record<string, string>> = {
  "fleet.yaml": "fleet.yaml",
  "contacts.yaml": "contacts.yaml",
  "identities/scout/SOUL.md": "SOUL.md",
};

/**
 * Maps the project's other files to their templates. A template has a different name if npm would exclude a
 * file with the original name from the package.
 */
const PROJECT: Readonly<Record<string, string>> = {
  "Pulumi.yaml": "Pulumi.yaml",
  ".gitignore": "gitignore",
  "stacks/README.md": "stacks.md",
};

/** The folder from which each forge reads workflows. The workflows themselves are the same for all forges. */
const WORKFLOWS: Readonly<Record<string, string>> = {
  github: ".github/workflows",
  gitea: ".gitea/workflows",
};

/** The forges for which a project can be created. */
export const FORGES = Object.keys(WORKFLOWS);

/**
 * The functions with which `init` corrects files that name the former package. In fleet.yaml, only a comment for
 * editors names this package.
 */
const CORRECTIONS: Readonly<Record<string, (text: string) => string>> = {
  "Pulumi.yaml": withCurrentPackage,
  "fleet.yaml": (text) =>
    text.replace(/^(# yaml-language-server: \$schema=\S*\bnode_modules\/)muster(?=\/)/m, `$1${PACKAGE_NAME}`),
};

/** A file of the project, and what `init` has done with it. `kept`: the file existed and was not changed. */
export interface InitFile {
  readonly file: string;
  readonly was: "wrote" | "completed" | "changed" | "kept";
  /** The change of the file; present only if `was` is `changed`. */
  readonly note?: string;
}

/**
 * Writes the project's missing files, and corrects existing files that name the former package. If fleet.yaml exists, files that only the example's fleet.yaml names are skipped.
 *
 * @param name the project's name
 * @param forge one of FORGES
 */
export function writeTemplates(dir: string, name: string, forge: string): InitFile[] {
  const hasFleet = existsSync(join(dir, "fleet.yaml"));
  const fleet = Object.entries(FLEET).filter(([file]) => !hasFleet || existsSync(join(dir, file)));
  const others = Object.entries({ ...PROJECT, ...workflows(forge) });
  return [...fleet, ...others].map(([file, template]) => {
    const path = join(dir, file);
    if (existsSync(path)) return correctFile(dir, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, templateText(template, name), { flag: "wx" });
    return { file, was: "wrote" };
  });
}

function workflows(forge: string): Readonly<Record<string, string>> {
  const folder = WORKFLOWS[forge];
  return {
    [`${folder}/fleet-change.yaml`]: "workflows/change.yaml",
    [`${folder}/fleet-drift.yaml`]: "workflows/drift.yaml",
  };
}

function correctFile(dir: string, file: string): InitFile {
  const correct = CORRECTIONS[file];
  if (correct === undefined) return { file, was: "kept" };
  const path = join(dir, file);
  const text = readFileSync(path, "utf8");
  const corrected = correct(text);
  if (corrected === text) return { file, was: "kept" };
  writeFileAtomic(path, corrected);
  const note = `it now names node_modules/${PACKAGE_NAME} instead of node_modules/${FORMER_PACKAGE}`;
  return { file, was: "changed", note };
}

function templateText(template: string, name: string): string {
  return readFileSync(join(packageRoot(), "templates", template), "utf8").replaceAll("{{name}}", name);
}
