import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { InvalidError } from "../../base/errors.ts";
import { writeFileAtomic } from "../../base/files.ts";
import { dependencyOn } from "./dependency.ts";
import type { FileTold } from "./templates.ts";

const SCRIPTS: Readonly<Record<string, string>> = {
  validate: "fleet validate",
  drift: "fleet drift",
  up: "pulumi up",
};

interface Manifest {
  readonly name?: string;
  readonly private?: boolean;
  readonly scripts?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

/**
 * Makes the project's package.json, or adds to the one there what it lacks and leaves the rest as it is.
 *
 * @throws InvalidError where the package.json there is no JSON object
 */
export function writeManifest(dir: string, name: string): FileTold {
  const file = "package.json";
  const path = join(dir, file);
  const old = existsSync(path) ? readManifest(path) : undefined;
  const manifest = completed(old ?? { name, private: true }, dir);
  if (isDeepStrictEqual(manifest, old)) return { file, was: "kept" };
  writeFileAtomic(path, `${JSON.stringify(manifest, null, 2)}\n`);
  return { file, was: old === undefined ? "wrote" : "completed" };
}

function readManifest(file: string): Manifest {
  try {
    const value: unknown = JSON.parse(readFileSync(file, "utf8").replace(/^\uFEFF/, ""));
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  } catch {
    // Told below, together with JSON that is no object.
  }
  throw new InvalidError({
    where: file,
    what: "it cannot be completed",
    why: "it is no JSON object.",
    next: "Mend it, or move it away, and run `npx fleet init` again.",
  });
}

function completed(manifest: Manifest, dir: string): Manifest {
  const depends = manifest.dependencies?.["muster"] ?? manifest.devDependencies?.["muster"];
  return {
    ...manifest,
    scripts: { ...SCRIPTS, ...manifest.scripts },
    ...(depends === undefined
      ? { dependencies: { ...manifest.dependencies, muster: dependencyOn(dir) } }
      : {}),
  };
}
