import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import type { Check } from "../../src/base/doctor-check.ts";
import { code, node, projectIn, type Sandbox, sandbox, script, standInEngine } from "./sandbox.ts";

let box: Sandbox;
let project: string;

beforeEach(() => {
  box = sandbox();
  project = projectIn(box);
});

async function checks(env: Record<string, string> = {}): Promise<Record<string, Check>> {
  const all = { ...box.env, PULUMI_STACK: "prod", ...env };
  const { stdout, stderr } = await node(
    code("doctor-checks.ts", "console.log(JSON.stringify(await m.engineChecks()))"),
    all,
    project,
  );
  expect(stderr).toBe("");
  return Object.fromEntries((JSON.parse(stdout) as Check[]).map((check) => [check.name, check]));
}

test("an engine in the cache is listed with the version that it reports", async () => {
  standInEngine(join(box.launcher, "bin"));
  const { engine, node } = await checks();
  expect(engine).toMatchObject({ ok: true, detail: `3.259.0, ${join(box.launcher, "bin/pulumi")}` });
  expect(node).toMatchObject({ ok: true });
});

test("a broken engine is reported with the command that repairs it", async () => {
  standInEngine(join(box.launcher, "bin"), "1.0.0");
  expect((await checks())["engine"]).toMatchObject({
    ok: false,
    fix: "npx fleet clean && npx pulumi version",
  });
});

test("the installed Go is checked if no engine exists, because Go would build the engine", async () => {
  script(join(box.bin, "go"), "echo go version go1.19.8 linux/amd64");
  const { engine, go } = await checks();
  expect(engine).toMatchObject({ ok: "warn", fix: "npx pulumi version" });
  expect(go).toMatchObject({ ok: "warn", fix: expect.stringContaining("go.dev/dl") });
});

test("a missing passphrase and files that other users can read are reported with a command that helps", async () => {
  const file = join(project, "stacks/prod.passphrase");
  writeFileSync(join(project, "stacks/Pulumi.prod.yaml"), "encryptionsalt: v1:abc\n");
  mkdirSync(join(project, ".state"), { mode: 0o755 });
  const before = await checks();
  expect(before["passphrase"]).toMatchObject({ ok: false, fix: expect.stringContaining(file) });
  expect(before["state folder"]).toMatchObject({ ok: false, fix: `chmod 700 ${join(project, ".state")}` });
  writeFileSync(join(project, "stacks/Pulumi.prod.yaml"), "");
  writeFileSync(file, "x", { mode: 0o644 });
  expect((await checks())["passphrase"]).toMatchObject({ ok: false, fix: `chmod 600 ${file}` });
});

test("a stack lock is reported if a run on another machine holds it", async () => {
  const dir = join(project, ".state/.pulumi/locks/organization/fleet/prod");
  mkdirSync(dir, { recursive: true });
  writeFileSync(
    join(dir, "1.json"),
    '{"pid": 7, "username": "eve", "hostname": "elsewhere", "timestamp": "2026-01-02T03:04:05Z"}',
  );
  const lock = (await checks())["stack lock"];
  expect(lock).toMatchObject({
    ok: "warn",
    detail: expect.stringContaining("@elsewhere (process 7)"),
  });
});

test("the state's location is shown, with the reason if the state cannot be reached", async () => {
  expect((await checks())["state"]).toMatchObject({ ok: true, detail: "file://./.state is reachable" });
  const env = { PULUMI_BACKEND_URL: "postgres://ann:s3cret@db.example.org/state" };
  expect((await checks(env))["state"]).toMatchObject({
    ok: true,
    detail: "postgres://ann@db.example.org/state, not checked",
  });
  const refused = "echo 'error: failed to ping PostgreSQL: connect: connection refused' >&2; exit 255";
  standInEngine(join(box.launcher, "bin"), "3.259.0", refused);
  expect((await checks(env))["state"]).toMatchObject({
    ok: false,
    detail: expect.stringMatching(
      /cannot be reached at postgres:\/\/ann@db.example.org\/state: nothing answers/,
    ),
  });
});

test("a `pulumi` that Muster has not installed is reported in one sentence that names the missing environment variables", async () => {
  standInEngine(box.bin, "3.300.0");
  expect((await checks({ PULUMI_PARALLEL: "64" }))["pulumi on PATH"]).toMatchObject({
    ok: "warn",
    detail: `\`pulumi\` is ${join(box.bin, "pulumi")}; if you run it directly, it lacks PULUMI_CONTINUE_ON_ERROR=true`,
  });
});
