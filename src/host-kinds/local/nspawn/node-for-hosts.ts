import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { packageRoot } from "../../../base/muster-folders.ts";
import type { NodeProgram } from "./helper-protocol.ts";

/**
 * Returns the Node.js program that npm installed with Muster. If there is none, returns the program that runs this
 * process.
 */
export function hostNode(root: string = packageRoot()): NodeProgram {
  const name = `node-linux-${process.arch}`;
  for (const folder of [join(root, "node_modules", name), join(dirname(root), name)]) {
    const path = join(folder, "bin/node");
    if (existsSync(path)) return { path, version: versionIn(join(folder, "package.json")) };
  }
  return { path: process.execPath, version: process.versions.node };
}

function versionIn(manifest: string): string {
  return (JSON.parse(readFileSync(manifest, "utf8")) as { version: string }).version;
}
