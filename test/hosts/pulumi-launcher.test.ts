import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { ensureEngine, ensureExampleStack, stderrProgress } from "../../src/engine/index.ts";

const ROOT = join(import.meta.dirname, "../..");
const CANARY = "-canary value\n";

let project: string;

beforeAll(async () => {
  await ensureEngine(stderrProgress());
  project = mkdtempSync(join(tmpdir(), "muster-engine-"));
  writeFileSync(
    join(project, "Pulumi.yaml"),
    `name: engine-test
runtime: {name: nodejs, options: {typescript: false}}
main: main.mjs
stackConfigDir: stacks
backend: {url: "file://./.state"}
`,
  );
  program("");
  symlinkSync(join(ROOT, "node_modules"), join(project, "node_modules"));
  mkdirSync(join(project, "below"));
});

afterAll(() => rmSync(project, { recursive: true, force: true }));

function program(body: string): void {
  writeFileSync(join(project, "main.mjs"), `import "@pulumi/pulumi";\n${body}\nexport const size = 1;\n`);
}

/** Runs `pulumi` with a minimal environment. The engine keeps its files in a folder that is removed after the tests. */
function pulumi(...args: string[]) {
  const env = {
    PATH: "/usr/bin:/bin",
    HOME: project,
    MUSTER_CACHE: cache(),
    PULUMI_HOME: join(project, "home"),
  };
  return execa(join(ROOT, "bin/pulumi"), args, {
    cwd: join(project, "below"),
    env,
    extendEnv: false,
    reject: false,
  });
}

function cache(): string {
  return process.env["MUSTER_CACHE"] ?? join(process.env["HOME"] ?? "", ".cache/muster");
}

async function example(): Promise<string[]> {
  const progress: string[] = [];
  vi.stubEnv("PULUMI_HOME", join(project, "home"));
  await ensureExampleStack(project, "example", { "spark-key": CANARY }, (line) => progress.push(line));
  vi.unstubAllEnvs();
  return progress;
}

function locks(): string[] {
  const dir = join(project, ".state/.pulumi/locks/organization/engine-test/example");
  return readdirSync(dir).filter((name) => name.endsWith(".json"));
}

test("the example's stack and its passphrase are created together and only once", async () => {
  expect(await example()).toEqual([
    "creating the stack example and its passphrase",
    "setting the secret spark-key of stack example",
  ]);
  expect(await example()).toEqual([]);
  expect(statSync(join(project, "stacks/example.passphrase")).mode & 0o777).toBe(0o600);
  expect((await pulumi("config", "get", "muster:spark-key")).stdout).toBe(CANARY);
});

test("no file that is created for the stack contains a secret's value", () => {
  const folders = [".state", "stacks", "home", ".muster"];
  const files = folders
    .flatMap((folder) => readdirSync(join(project, folder), { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile());
  expect(files.map(({ name }) => name)).toContain("example.passphrase");
  for (const file of files) {
    expect(readFileSync(join(file.parentPath, file.name), "utf8")).not.toContain(CANARY.trim());
  }
});

test("the built engine can be run from a subfolder of the project", async () => {
  const up = await pulumi("up", "--yes", "--skip-preview");
  expect(up).toMatchObject({ exitCode: 0, stdout: expect.stringContaining("1 created") });
  expect((await pulumi("preview", "--expect-no-changes")).exitCode).toBe(0);
});

test("the next run respects the lock of an active run, and removes the lock of a killed run", async () => {
  program("setTimeout(() => {}, 20_000);");
  const killed = pulumi("up", "--yes", "--skip-preview");
  await vi.waitFor(() => expect(locks()).toHaveLength(1), 15_000);
  const second = await pulumi("up", "--yes", "--skip-preview");
  expect(second).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining(`(process ${killed.pid}) has been working on it`),
  });
  killed.kill("SIGKILL");
  program("");
  const third = await pulumi("up", "--yes", "--skip-preview");
  expect(third).toMatchObject({
    exitCode: 0,
    stderr: expect.stringContaining(`(process ${killed.pid}) took`),
  });
  expect(locks()).toEqual([]);
});
