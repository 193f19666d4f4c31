import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type EngineRun, missingSettings, requirePlugin } from "../../src/program/engine-settings.ts";

let project: string;

beforeAll(() => {
  project = mkdtempSync(join(tmpdir(), "muster-settings-"));
  mkdirSync(join(project, "plugin"));
  writeFileSync(join(project, "plugin/pulumi-resource-muster"), "");
});

afterAll(() => rmSync(project, { recursive: true, force: true }));

const run = (parts: Partial<EngineRun>): EngineRun => ({ project, file: {}, env: {}, args: [], ...parts });
const COMPLETE = {
  file: { options: { refresh: "always" } },
  env: { PULUMI_CONTINUE_ON_ERROR: "true", PULUMI_PARALLEL: "64" },
};

describe("the settings of the engine", () => {
  test("are each reported if they are missing", () => {
    const missing = missingSettings(run({}), true);
    expect(missing).toHaveLength(3);
    expect(missing[0]).toContain("options: { refresh: always }");
    expect(missing[1]).toContain("PULUMI_CONTINUE_ON_ERROR=true");
    expect(missing[2]).toContain("PULUMI_PARALLEL=64");
  });

  test("are complete with Pulumi.yaml and two variables", () => {
    expect(missingSettings(run(COMPLETE), true)).toEqual([]);
  });

  test.each([
    ["--refresh", "--continue-on-error", "--parallel", "16"],
    ["-r", "--continue-on-error=true", "-p16"],
    ["--refresh=true", "--continue-on-error", "--parallel=16"],
  ])("are also found on the engine's command line: %s %s %s", (...args) => {
    expect(missingSettings(run({ args }), true)).toEqual([]);
  });

  test("need no refresh if no resource of the program creates a host", () => {
    expect(missingSettings(run({ ...COMPLETE, file: {} }), false)).toEqual([]);
  });
});

describe("Muster's provider", () => {
  const named = (path: string) => ({ plugins: { providers: [{ name: "muster", path }] } });

  test("is found in the folder that Pulumi.yaml names, or on PATH", () => {
    requirePlugin(run({ file: named("plugin") }));
    requirePlugin(run({ env: { PATH: `/none:${join(project, "plugin")}` } }));
  });

  test("is reported as missing before anything is registered, with the entry to add", () => {
    expect(() => requirePlugin(run({ env: { PATH: "/none" } }))).toThrow(
      "Pulumi.yaml: the engine cannot find Muster's provider: `plugins` has no provider `muster`. Write `plugins: { providers: [{ name: muster, path: node_modules/muster-fleet/plugin }] }`.",
    );
    expect(() => requirePlugin(run({ file: named("elsewhere") }))).toThrow(
      /elsewhere does not contain pulumi-resource/,
    );
    const env = { PATH: join(project, "plugin"), PULUMI_IGNORE_AMBIENT_PLUGINS: "true" };
    expect(() => requirePlugin(run({ env }))).toThrow("`plugins` has no provider");
  });
});
