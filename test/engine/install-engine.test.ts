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

/** A Go that takes its time and "builds" programs which tell the version that it was asked for. */
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

test("without an engine it is built, and the launcher's place is a link to it", async () => {
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

test("a second run does nothing and says nothing", async () => {
  standInGo();
  await node(ENSURE, box.env);
  const again = await node(ENSURE, box.env);
  expect(answer(again)).toMatchObject({ pulumi: join(box.launcher, "bin/pulumi"), how: "cache" });
  expect(again.stderr).toBe("");
  expect(buildCount()).toBe(2);
});

test("of two runs at once one builds, and the other waits, says so, and uses what was built", async () => {
  standInGo({ seconds: 1 });
  const results = await Promise.all([node(ENSURE, box.env), node(ENSURE, box.env)]);
  expect(results.map((result) => answer(result).how).sort()).toEqual(["built", "cache"]);
  expect(results.map(({ stderr }) => stderr).join("\n")).toMatch(
    /waiting for process \d+, which is getting the/,
  );
  expect(buildCount()).toBe(2);
});

test("a run that was killed half-way leaves nothing in the way of the next", async () => {
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

test("an engine that tells another version than asked for is not installed", async () => {
  standInGo({ engine: "3.1.0" });
  const { stderr, failed } = await node(ENSURE, box.env);
  expect(failed).toBe(true);
  expect(stderr).toContain("is not the 3.259.0 it should be: it says that it is version 3.1.0.");
  expect(existsSync(join(engine, "3.259.0"))).toBe(false);
});

test("too old a Go is told in one sentence, with what to install", async () => {
  standInGo({ version: "go1.19.8" });
  const { stderr } = await node(ENSURE, box.env);
  expect(stderr).toContain(`${join(box.bin, "go")} is older than Go 1.25`);
  expect(stderr).toContain("https://go.dev/dl");
  expect(buildCount()).toBe(0);
});

test("a link whose target was cleaned away is made new, and a vendor's folder is left as it is", async () => {
  standInGo();
  await node(ENSURE, box.env);
  rmSync(join(box.home, ".cache"), { recursive: true });
  expect(answer(await node(ENSURE, box.env)).how).toBe("built");
  rmSync(box.launcher);
  script(join(box.launcher, "bin/other"), "exit");
  expect(answer(await node(ENSURE, box.env))).toMatchObject({ pulumi: join(engine, "3.259.0/bin/pulumi") });
  expect(readdirSync(join(box.launcher, "bin"))).toEqual(["other"]);
});
