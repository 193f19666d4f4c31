import { execFileSync, spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { writeDeclarations } from "../../scripts/declarations.ts";
import { cacheDir, packageRoot } from "../../src/base/muster-folders.ts";
import { docsBlock } from "../hosts/support/docs-blocks.ts";

/** The vendors' packages that the examples use. They are too large for package.json. */
const PACKAGES = { "@pulumi/hcloud": "1.41.0", "@pulumi/aws": "7.48.0", "@pulumi/pulumi": "3.259.0" };

/** The maximum milliseconds for npm to install the packages, which are about 200 MB, once. */
const INSTALL_TIMEOUT = 120_000;
/** The maximum milliseconds for the compiler to read the packages. The types of AWS are large. */
const CHECK_TIMEOUT = 180_000;

const ROOT = packageRoot();
const vendors = await vendorPackages();

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "muster-examples-"));
  const own = join(folder, "node_modules/muster-fleet");
  mkdirSync(join(own, "dist"), { recursive: true });
  cpSync(join(ROOT, "package.json"), join(own, "package.json"));
  writeDeclarations(join(ROOT, "src/program"), join(own, "dist"));
  symlinkSync(join(vendors ?? ROOT, "node_modules/@pulumi"), join(folder, "node_modules/@pulumi"));
  symlinkSync(join(ROOT, "node_modules/@types"), join(folder, "node_modules/@types"));
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.skipIf(vendors === undefined)(
  "with the vendors' packages, which npm must be able to install",
  () => {
    test.each(["hetzner.ts", "aws.ts"])(
      "the example %s in docs/own-program.md has no type errors",
      (name) => {
        expect(typeErrors(name, docsBlock("own-program.md", name))).toBe("");
      },
      CHECK_TIMEOUT,
    );

    test(
      "the type check finds a wrong argument of `Fleet`",
      () => {
        const wrong = docsBlock("own-program.md", "hetzner.ts").replace(
          "server.ipv4Address",
          "server.backups",
        );
        expect(typeErrors("wrong.ts", wrong)).toContain("is not assignable to type 'Input<string>'");
      },
      CHECK_TIMEOUT,
    );
  },
);

/** Returns the compiler's output for an example. */
function typeErrors(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  const options = ["--noEmit", "--strict", "--skipLibCheck", "--module", "nodenext", "--target", "es2024"];
  const tsc = join(ROOT, "node_modules/typescript/bin/tsc");
  const args = [
    tsc,
    ...options,
    "--exactOptionalPropertyTypes",
    "--types",
    "node",
    "--preserveSymlinks",
    name,
  ];
  return spawnSync(process.execPath, args, { cwd: folder, encoding: "utf8" }).stdout;
}

/**
 * Installs the vendors' packages in the cache of the tests, unless the cache already contains them.
 *
 * @returns the folder; undefined if npm cannot install the packages
 */
async function vendorPackages(): Promise<string | undefined> {
  const versions = Object.values(PACKAGES).join("-");
  const target = join(cacheDir(), "test-packages", versions);
  if (existsSync(target)) return target;
  const staging = `${target}.${process.pid}`;
  mkdirSync(staging, { recursive: true });
  writeFileSync(join(staging, "package.json"), JSON.stringify({ private: true, dependencies: PACKAGES }));
  try {
    const args = ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
    execFileSync("npm", args, { cwd: staging, stdio: "ignore", timeout: INSTALL_TIMEOUT });
    renameSync(staging, target);
    return target;
  } catch {
    return undefined;
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}
