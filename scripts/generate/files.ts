import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { renderReference } from "./reference.ts";
import { renderTypes } from "./types.ts";

const root = join(import.meta.dirname, "../..");

/** A file that is generated from the schemas. */
export interface GeneratedFile {
  /** The path relative to the root of the repository. */
  readonly path: string;
  readonly text: string;
}

/** Returns all generated files with their correct texts. */
export function generatedFiles(): GeneratedFile[] {
  return [
    { path: "src/config/fleet-yaml-types.ts", text: format(renderTypes()) },
    { path: "docs/reference.md", text: renderReference() },
  ];
}

function format(source: string): string {
  const biome = join(root, "node_modules/.bin/biome");
  return execFileSync(biome, ["format", "--stdin-file-path=src/config/fleet-yaml-types.ts"], {
    cwd: root,
    encoding: "utf8",
    input: source,
  });
}
