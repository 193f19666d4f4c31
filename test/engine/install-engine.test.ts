import { existsSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, test, vi } from "vitest";
import { code, node, type Sandbox, sandbox, script } from "./sandbox.ts";

const ENSURE = code("install-engine.ts", "console.log(JSON.stringify(await m.ensureEngine(console.error)));");

let box: Sandbox;
let builds: string;
let engine: string;

beforeEach(() => {
  box = sandbox();
  builds = join(box.home, "builds");
  engine = join(box.home, ".cache/muster/engine");
});

/** Installs a fake Go that takes `seconds` and "builds" programs that print the version `engine`. */
function standInGo(options: { version?: string; engine?: string; seconds?: number } = {}): void {
  const { version = "go1.99.0", engine: built = "3.259.0", seconds = 0 } = options;
  script(
    join(box.bin, "go"),
    `case $1 in
version) echo "go version ${version} linux/amd64" ;;
build)
  echo "$$" >> '${builds}'
  sleep ${seconds}
  while [ "$1" != -o ]; do shift; done
  printf '#!/bin/sh\\necho v${built}\\n' > "$2"
  chmod +x "$2" ;;
esac`,
  );
}

function buildCount(): number {
  return existsSync(builds) ? readFileSync(builds, "utf8").trim().split("\n").length : 0;
}

function answer(result: { stdout: string }): { pulumi: string; version: string; how: string } {
  return JSON.parse(result.stdout);
}

test("a missing engine is built, and the launcher's folder becomes a link to the engine", async () => {
  standInGo();
  const result = await node(ENSURE, box.env);
  expect(answer(result)).toEqual({
    pulumi: join(engine, "3.259.0/bin/pulumi"),
    version: "3.259.0",
    how: "built",
  });
  expect(readlinkSync(box.launcher)).toBe(join(engine, "3.259.0"));
  expect(readdirSync(engine)).toEqual(["3.259.0"]);
  expect(existsSync(join(box.home, ".cache/muster/go"))).toBe(false);
  expect(result.stderr).toContain("building the Pulumi engine (about 4 min on 2 cores)");
});

test("a second run builds nothing and prints nothing", async () => {
  standInGo();
  await node(ENSURE, box.env);
  const again = await node(ENSURE, box.env);
  expect(answer(again)).toMatchObject({ pulumi: join(box.launcher, "bin/pulumi"), how: "cache" });
  expect(again.stderr).toBe("");
  expect(buildCount()).toBe(2);
});

test("only one of two simultaneous runs builds the engine, and the other run waits and uses the result", async () => {
  standInGo({ seconds: 1 });
  const results = await Promise.all([node(ENSURE, box.env), node(ENSURE, box.env)]);
  expect(results.map((result) => answer(result).how).sort()).toEqual(["built", "cache"]);
  expect(results.map(({ stderr }) => stderr).join("\n")).toMatch(
    /waiting for process \d+, which is installing the/,
  );
  expect(buildCount()).toBe(2);
});

test("a run that was killed during the build does not block the next run", async () => {
  standInGo({ seconds: 5 });
  const killed = node(ENSURE, box.env);
  await vi.waitFor(() => expect(buildCount()).toBe(1), 10_000);
  killed.kill("SIGKILL");
  await killed;
  process.kill(Number(readFileSync(builds, "utf8")), "SIGKILL");
  expect(readdirSync(engine).filter((name) => !name.startsWith("lock"))).toHaveLength(1);
  expect(readdirSync(engine)).toContain("lock");
  standInGo();
  expect(answer(await node(ENSURE, box.env)).how).toBe("built");
  expect(readdirSync(engine)).toEqual(["3.259.0"]);
});

test("an engine that does not report the requested version is not installed", async () => {
  standInGo({ engine: "3.1.0" });
  const { stderr, failed } = await node(ENSURE, box.env);
  expect(failed).toBe(true);
  expect(stderr).toContain("is not version 3.259.0: it reports version 3.1.0.");
  expect(existsSync(join(engine, "3.259.0"))).toBe(false);
});

test("a version of Go that is too old is reported in one sentence that says what to install", async () => {
  standInGo({ version: "go1.19.8" });
  const { stderr } = await node(ENSURE, box.env);
  expect(stderr).toContain(`${join(box.bin, "go")} is older than Go 1.25`);
  expect(stderr).toContain("https://go.dev/dl");
  expect(buildCount()).toBe(0);
});

test("the launcher's folder is replaced if it is a link to a deleted target, and is kept if it is a real folder", async () => {
  standInGo();
  await node(ENSURE, box.env);
  rmSync(join(box.home, ".cache"), { recursive: true });
  expect(answer(await node(ENSURE, box.env)).how).toBe("built");
  rmSync(box.launcher);
  script(join(box.launcher, "bin/other"), "exit");
  expect(answer(await node(ENSURE, box.env))).toMatchObject({ pulumi: join(engine, "3.259.0/bin/pulumi") });
  expect(readdirSync(join(box.launcher, "bin"))).toEqual(["other"]);
});
