/** Bundles each program of Muster into one file under dist/. */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type BuildOptions, build } from "esbuild";
import { bundleOptions } from "./bundle-options.ts";
import { writeDeclarations } from "./declarations.ts";
import { compiledSchemas } from "./schema.ts";

const root = join(import.meta.dirname, "..");
const dist = join(root, "dist");

const esm: BuildOptions = {
  ...bundleOptions,
  plugins: [compiledSchemas],
  target: "node22",
  absWorkingDir: root,
  logLevel: "warning",
  legalComments: "none",
};

const programs: Record<string, [source: string, options: BuildOptions]> = {
  "fleet.mjs": ["src/cli/main.ts", esm],
  "pulumi.mjs": ["src/engine/pulumi.ts", esm],
  "start.mjs": ["src/cli/quickstart.ts", esm],
  "provider.mjs": ["src/provider/main.ts", esm],
  "local-helper.mjs": ["src/host-kinds/local/nspawn/helper/main.ts", esm],
  "host.mjs": ["src/host/main.ts", { ...esm, minify: true }],
  // The SDK is not bundled, because the program and the language host's loader must share one SDK. The vendors'
  // resources are bundled, and run only if a fleet has droplets.
  "program.mjs": ["src/program/main.ts", { ...esm, external: ["@pulumi/pulumi"] }],
  "fleet-component.mjs": ["src/program/fleet-component.ts", { ...esm, external: ["@pulumi/pulumi"] }],
};

const started = new Date();
mkdirSync(dist, { recursive: true });
removeLeftovers();
const staging = join(root, `dist/.staging-${process.pid}`);
try {
  await Promise.all(
    Object.entries(programs).map(([name, [source, options]]) =>
      build({ ...options, entryPoints: [source], outfile: join(staging, name) }),
    ),
  );
  const declarations = writeDeclarations(join(root, "src/program"), staging);
  for (const name of [...Object.keys(programs), ...declarations])
    renameSync(join(staging, name), join(dist, name));
  writeFileSync(join(dist, ".built"), "");
  // The time of this file is the start of the build, so that a source that changes during the build is newer and the
  // next run builds again.
  utimesSync(join(dist, ".built"), started, started);
} finally {
  rmSync(staging, { recursive: true, force: true });
}

/** Removes the folders of killed builds. Keeps the folder of a build that still runs. */
function removeLeftovers(): void {
  for (const name of readdirSync(dist)) {
    const pid = /^\.staging-(\d+)$/.exec(name)?.[1];
    if (pid !== undefined && !existsSync(`/proc/${pid}`)) rmSync(join(dist, name), { recursive: true });
  }
}
