import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { MusterError } from "../base/errors.ts";
import { packageRoot } from "../base/muster-folders.ts";
import { ENGINE_VERSION } from "./engine-version.ts";
import { goEnv, removeOwnCaches, usableGo } from "./go-toolchain.ts";
import { CLI, LANGUAGE_HOST } from "./paths.ts";
import { type InstallProgress, withProgress } from "./progress.ts";

const VERSION_VARIABLE = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version";

/**
 * The two Go modules in src/engine/go. The modules need different versions of the SDK, so they cannot be one module.
 */
const PROGRAMS = [
  {
    module: "cli",
    package: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
    output: `bin/${CLI}`,
    flags: `-s -w -X ${VERSION_VARIABLE}=v${ENGINE_VERSION}`,
    text: "building the Pulumi engine",
    hint: "about 4 min on 2 cores",
  },
  {
    module: "language",
    package: "github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs",
    output: `lib/${LANGUAGE_HOST}`,
    flags: "-s -w",
    text: "building the engine's language host for Node",
    hint: "about 20 s",
  },
];

/**
 * Starts the language host with a flag that disables ts-node. The flag is necessary because Muster builds an older
 * version of the language host. This version ignores `runtime.options` in Pulumi.yaml, and would load ts-node for every
 * program.
 */
const LANGUAGE_HOST_SCRIPT = `#!/bin/sh
exec "$(dirname "$0")/../lib/${LANGUAGE_HOST}" -typescript=false "$@"
`;

/**
 * Builds the engine from its Go modules into `staging`. Go's caches are in Muster's cache folder unless the environment
 * sets other folders. After a failure, Muster keeps its caches, so that the next build can continue. After a success,
 * Muster removes them.
 *
 * @returns the folder with the engine
 * @throws MusterError if Go is missing or too old, or the build fails
 */
export async function build(staging: string, progress: InstallProgress): Promise<string> {
  const go = await usableGo();
  for (const dir of ["bin", "lib"]) mkdirSync(join(staging, dir), { recursive: true });
  for (const program of PROGRAMS) {
    const flags = ["-trimpath", "-mod=readonly", "-buildvcs=false", "-ldflags", program.flags];
    const command = ["build", ...flags, "-o", join(staging, program.output), program.package];
    const work = execa(go, command, { cwd: moduleDir(program.module), env: goEnv(), stdin: "ignore" });
    await withProgress(progress, program.text, program.hint, work.catch(buildFailed));
  }
  writeFileSync(join(staging, "bin", LANGUAGE_HOST), LANGUAGE_HOST_SCRIPT);
  chmodSync(join(staging, "bin", LANGUAGE_HOST), 0o755);
  await removeOwnCaches(go);
  return staging;
}

function moduleDir(name: string): string {
  return join(packageRoot(), "src", "engine", "go", name);
}

function buildFailed(error: { stderr?: string }): never {
  const why = error.stderr?.trim().split("\n").slice(-3).join("\n") || "Go gave no reason.";
  throw new MusterError({
    what: "the build of the Pulumi engine failed",
    why,
    next: "Check that the Go module proxy can be reached, and run the command again; everything that has been built so far is kept.",
    cause: error,
  });
}
