import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { InvalidError } from "../../base/errors.ts";
import { writeFileAtomic } from "../../base/files.ts";
import { PACKAGE_NAME } from "../../base/muster-folders.ts";
import { FORMER_PACKAGE, namesFormerPackage } from "../../engine/former-package.ts";
import { dependencyOn } from "./muster-dependency.ts";
import type { InitFile } from "./templates.ts";

const SCRIPTS: Readonly<Record<string, string>> = {
  validate: "fleet validate",
  drift: "fleet drift",
  up: "pulumi up",
};

type Packages = Readonly<Record<string, string>>;

interface Manifest {
  readonly name?: string;
  readonly private?: boolean;
  readonly scripts?: Readonly<Record<string, string>>;
  readonly dependencies?: Packages;
  readonly devDependencies?: Packages;
}

/**
 * Writes the project's package.json. If the file exists already, adds only missing entries. If Pulumi.yaml still names
 * Muster's former package, also replaces the dependency on that package.
 *
 * @throws InvalidError if the existing package.json is not a JSON object
 */
export function writeManifest(dir: string, name: string): InitFile {
  const file = "package.json";
  const path = join(dir, file);
  const old = existsSync(path) ? readManifest(path) : undefined;
  const current = namesFormerPackage(dir) ? withoutFormerPackage(old ?? {}) : old;
  const manifest = completed(current ?? { name, private: true }, dir);
  if (isDeepStrictEqual(manifest, old)) return { file, was: "kept" };
  writeFileAtomic(path, `${JSON.stringify(manifest, null, 2)}\n`);
  if (old === undefined) return { file, was: "wrote" };
  const isRenamed = dependsOn(old, FORMER_PACKAGE) && !dependsOn(manifest, FORMER_PACKAGE);
  if (isRenamed)
    return { file, was: "changed", note: `it now depends on ${PACKAGE_NAME} instead of ${FORMER_PACKAGE}` };
  return { file, was: "completed" };
}

function readManifest(file: string): Manifest {
  try {
    const value: unknown = JSON.parse(readFileSync(file, "utf8").replace(/^\uFEFF/, ""));
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  } catch {
    // Invalid JSON is reported below, like JSON that is not an object.
  }
  throw new InvalidError({
    where: file,
    what: "it cannot be completed",
    why: "it is not a JSON object.",
    next: "Correct or move it, and run `npx fleet init` again.",
  });
}

function completed(manifest: Manifest, dir: string): Manifest {
  return {
    ...manifest,
    scripts: { ...SCRIPTS, ...manifest.scripts },
    ...(dependsOn(manifest, PACKAGE_NAME)
      ? {}
      : { dependencies: { ...manifest.dependencies, [PACKAGE_NAME]: dependencyOn(dir) } }),
  };
}

function dependsOn({ dependencies, devDependencies }: Manifest, name: string): boolean {
  return dependencies?.[name] !== undefined || devDependencies?.[name] !== undefined;
}

function withoutFormerPackage({ dependencies, devDependencies, ...rest }: Manifest): Manifest {
  return {
    ...rest,
    ...(dependencies && { dependencies: withoutFormer(dependencies) }),
    ...(devDependencies && { devDependencies: withoutFormer(devDependencies) }),
  };
}

function withoutFormer({ [FORMER_PACKAGE]: _, ...others }: Packages): Packages {
  return others;
}
