import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";

const ROOT = join(import.meta.dirname, "..", "..");

/** The files and folders of a project that the engine reads. The keys for the hosts are not copied. */
const COPIED = ["Pulumi.yaml", "fleet.yaml", "agent.sh", "identities", "stacks", ".state", "node_modules"];

/**
 * Copies a project with its state, and configures a provider that answers from memory.
 *
 * @param from the project's folder
 * @param to a folder inside `from`, which is removed together with `from`
 */
export async function makeFloorProject(from: string, to: string): Promise<void> {
  mkdirSync(join(to, "plugin"), { recursive: true });
  for (const name of COPIED) cpSync(join(from, name), join(to, name), { recursive: true });
  const yaml = join(to, "Pulumi.yaml");
  writeFileSync(yaml, readFileSync(yaml, "utf8").replace(/path: .*plugin/, "path: ./plugin"));
  await bundle(join(to, "plugin", "provider.mjs"));
  writeFileSync(join(to, "plugin", "pulumi-resource-muster"), pluginScript(), { mode: 0o755 });
}

/** Bundles the provider with the same options as Muster's own provider. */
async function bundle(outfile: string): Promise<void> {
  await build({
    entryPoints: [join(import.meta.dirname, "provider.ts")],
    absWorkingDir: ROOT,
    outfile,
    bundle: true,
    platform: "node",
    target: "node22",
    format: "esm",
    legalComments: "none",
    logLevel: "warning",
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
  });
}

function pluginScript(): string {
  return `#!/bin/sh\nexec "${process.execPath}" --no-warnings "$(dirname "$0")/provider.mjs" "$@"\n`;
}
