import { mkdirSync, rmSync, symlinkSync } from "node:fs";
import { delimiter, join } from "node:path";
import { beforeEach, expect, test, vi } from "vitest";
import { findEngine } from "../../src/engine/find-engine.ts";
import { ROOT, type Sandbox, sandbox, standInEngine } from "./sandbox.ts";

let box: Sandbox;

beforeEach(() => {
  box = sandbox();
  vi.stubEnv("HOME", box.home);
  vi.stubEnv("PULUMI_HOME", undefined);
  vi.stubEnv("MUSTER_CACHE", undefined);
  vi.stubEnv("XDG_CACHE_HOME", undefined);
  setPath(box.bin);
  return () => vi.unstubAllEnvs();
});

function setPath(...dirs: string[]): void {
  vi.stubEnv("PATH", [...dirs, "/usr/bin", "/bin"].join(delimiter));
}

test("an engine on PATH takes precedence over the launcher's cache", async () => {
  standInEngine(join(box.launcher, "bin"));
  standInEngine(box.bin, "3.270.1");
  expect(await findEngine()).toEqual({ pulumi: join(box.bin, "pulumi"), version: "3.270.1", how: "path" });
});

test("the launcher's cache is used if there is no engine on PATH", async () => {
  standInEngine(join(box.launcher, "bin"));
  expect(await findEngine()).toMatchObject({ pulumi: join(box.launcher, "bin/pulumi"), how: "cache" });
});

test("Muster's own cache is used if the launcher's link is missing", async () => {
  const dir = join(box.home, ".cache/muster/engine/3.259.0/bin");
  standInEngine(dir);
  expect(await findEngine()).toMatchObject({ pulumi: join(dir, "pulumi"), how: "cache" });
});

test("a cache without a language host does not count as an engine", async () => {
  standInEngine(join(box.launcher, "bin"));
  rmSync(join(box.launcher, "bin/pulumi-language-nodejs"));
  expect(await findEngine()).toBeUndefined();
});

test.each(["3.258.9", "2.300.0", "4.0.0", "nonsense"])(
  "an engine of version %s on PATH is skipped",
  async (version) => {
    standInEngine(box.bin, version);
    expect(await findEngine()).toBeUndefined();
  },
);

test("an engine on PATH is skipped if PATH has no language host for Node", async () => {
  standInEngine(box.bin);
  rmSync(join(box.bin, "pulumi-language-nodejs"));
  expect(await findEngine()).toBeUndefined();
  const elsewhere = join(box.home, "elsewhere");
  standInEngine(elsewhere);
  rmSync(join(elsewhere, "pulumi"));
  setPath(box.bin, elsewhere);
  expect(await findEngine()).toMatchObject({ how: "path" });
});

test("a `pulumi` that does not run is skipped, and a later `pulumi` on PATH is used", async () => {
  const [broken, good] = [join(box.home, "broken"), join(box.home, "good")];
  standInEngine(broken);
  symlinkSync("nowhere", join(box.bin, "pulumi"));
  rmSync(join(broken, "pulumi"));
  mkdirSync(join(broken, "pulumi"));
  standInEngine(good);
  setPath(box.bin, broken, good);
  expect(await findEngine()).toMatchObject({ pulumi: join(good, "pulumi") });
});

test("Muster's own `pulumi` and npm's `pulumi` are never used as the engine", async () => {
  const npm = join(box.home, "node_modules/.bin");
  standInEngine(npm);
  symlinkSync(join(ROOT, "bin/pulumi"), join(box.bin, "pulumi"));
  setPath(box.bin, npm, join(ROOT, "bin"));
  expect(await findEngine()).toBeUndefined();
});
