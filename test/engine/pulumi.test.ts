import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { beforeEach, expect, test, vi } from "vitest";
import { node, projectIn, ROOT, type Sandbox, sandbox, standInEngine } from "./sandbox.ts";

let box: Sandbox;
let project: string;

beforeEach(() => {
  box = sandbox();
  project = projectIn(box);
  standIn("env");
});

/** Puts a fake engine that runs this shell code into the launcher's cache. */
function standIn(body: string): void {
  standInEngine(join(box.launcher, "bin"), "3.259.0", body);
}

function pulumi(args: string[], options: { env?: Record<string, string>; cwd?: string } = {}) {
  const env = { ...box.env, ...options.env };
  return node([join(ROOT, "src/engine/pulumi.ts"), ...args], env, options.cwd ?? project);
}

/** Returns the environment that the engine gets. */
async function environment(args: string[], env?: Record<string, string>): Promise<Record<string, string>> {
  const { stdout } = await pulumi(args, env ? { env } : {});
  return Object.fromEntries(
    String(stdout)
      .split("\n")
      .map((line) => line.split(/=(.*)/s).slice(0, 2)),
  );
}

function passphrase(stack: string): string {
  const file = join(project, "stacks", `${stack}.passphrase`);
  writeFileSync(file, "correct horse\n", { mode: 0o600 });
  return file;
}

function encrypt(stack: string): void {
  writeFileSync(join(project, "stacks", `Pulumi.${stack}.yaml`), "encryptionsalt: v1:abc\n");
}

test("the engine gets every variable that the provider needs, even if only PATH and HOME are set", async () => {
  const file = passphrase("prod");
  const env = await environment(["up"]);
  expect(env).toMatchObject({
    HOME: box.home,
    PULUMI_CONFIG_PASSPHRASE_FILE: file,
    PULUMI_CONTINUE_ON_ERROR: "true",
    PULUMI_PARALLEL: "64",
    PULUMI_SKIP_UPDATE_CHECK: "true",
    MUSTER_PROJECT: project,
    NODE_COMPILE_CACHE: join(box.home, ".cache/muster/compile"),
    PWD: project,
  });
  const [first, second] = (env["PATH"] ?? "").split(":");
  expect([first, second]).toEqual([dirname(process.execPath), join(box.launcher, "bin")]);
});

test("a run uses a separate engine home without write access for logs, because writing logs would slow the engine down", async () => {
  const real = join(box.home, ".pulumi");
  mkdirSync(real, { recursive: true });
  writeFileSync(join(real, "credentials.json"), "{}");
  const home = (await environment(["up"]))["PULUMI_HOME"] ?? "";
  expect(realpathSync(join(home, "credentials.json"))).toBe(realpathSync(join(real, "credentials.json")));
  expect(realpathSync(join(home, "workspaces"))).toBe(realpathSync(join(real, "workspaces")));
  expect(statSync(join(home, "logs")).isFile()).toBe(true);
  // The next run replaces a file that the engine has written instead of a link, and links new files.
  rmSync(join(home, "credentials.json"));
  writeFileSync(join(home, "credentials.json"), "old");
  writeFileSync(join(real, "new"), "");
  await environment(["preview"]);
  expect(readFileSync(join(home, "credentials.json"), "utf8")).toBe("{}");
  expect(existsSync(join(home, "new"))).toBe(true);
});

test("the real engine home is used by a run with `-v`, by a command that only reads, and by a run with PULUMI_HOME", async () => {
  const real = join(box.home, ".pulumi");
  expect((await environment(["up", "-v", "3"]))["PULUMI_HOME"]).toBe(real);
  expect((await environment(["stack", "ls"]))["PULUMI_HOME"]).toBe(real);
  const own = join(box.home, "own");
  mkdirSync(own);
  standInEngine(join(own, "versions", "3.259.0", "bin"), "3.259.0", "env");
  expect((await environment(["up"], { PULUMI_HOME: own }))["PULUMI_HOME"]).toBe(own);
});

test("environment variables that are already set are kept", async () => {
  passphrase("prod");
  const set = { PULUMI_CONTINUE_ON_ERROR: "false", PULUMI_PARALLEL: "2", PULUMI_CONFIG_PASSPHRASE: "" };
  const env = await environment(["up"], set);
  expect(env).toMatchObject(set);
  expect(env).not.toHaveProperty("PULUMI_CONFIG_PASSPHRASE_FILE");
});

test("the passphrase belongs to the named stack, otherwise to the stack in PULUMI_STACK, otherwise to the only stack", async () => {
  const only = passphrase("only");
  const used = async (args: string[], env?: Record<string, string>) =>
    (await environment(args, env))["PULUMI_CONFIG_PASSPHRASE_FILE"];
  expect(await used(["up"])).toBe(only);
  const [named, variable] = [passphrase("named"), passphrase("variable")];
  expect(await used(["up"])).toBeUndefined();
  expect(await used(["up"], { PULUMI_STACK: "variable" })).toBe(variable);
  expect(await used(["up", "-s", "named"], { PULUMI_STACK: "variable" })).toBe(named);
});

test("the engine's arguments, output and exit code are passed on unchanged", async () => {
  standIn('printf "<%s>" "$@"; echo oops >&2; exit 42');
  const { stdout, stderr, exitCode } = await pulumi(["up", "--message", "a  b", "$HOME"]);
  expect({ stdout, stderr, exitCode }).toEqual({
    stdout: "<up><--message><a  b><$HOME>",
    stderr: "oops",
    exitCode: 42,
  });
});

test("the engine gets a signal only once, and a fatal signal also ends the command", async () => {
  standIn(
    `trap 'echo caught >> "${join(box.home, "signals")}"' INT; touch "${join(box.home, "ready")}"; while :; do sleep 0.05; done`,
  );
  const running = pulumi(["up"]);
  await vi.waitFor(() => expect(existsSync(join(box.home, "ready"))).toBe(true), 10_000);
  running.kill("SIGINT");
  await vi.waitFor(() => expect(readFileSync(join(box.home, "signals"), "utf8")).toBe("caught\n"), 5000);
  running.kill("SIGTERM");
  expect((await running).signal).toBe("SIGTERM");
  expect(readFileSync(join(box.home, "signals"), "utf8")).toBe("caught\n");
});

test("`pulumi` uses the project of the current subfolder, or the folder given with -C", async () => {
  standIn("pwd");
  const below = join(project, "identities/iris");
  mkdirSync(below, { recursive: true });
  expect((await pulumi(["up"], { cwd: below })).stdout).toBe(realpathSync(project));
  standIn('echo "$MUSTER_PROJECT from $(pwd)"');
  const { stdout } = await pulumi(["-C", project, "up"], { cwd: box.home });
  expect(stdout).toBe(`${project} from ${realpathSync(box.home)}`);
});

test("`pulumi` runs the engine unchanged outside a project", async () => {
  const { stdout } = await pulumi(["version"], { cwd: box.home });
  expect(stdout).toBe("v3.259.0");
});

test("other users cannot read the project's folders .state and .muster", async () => {
  mkdirSync(join(project, ".state"));
  chmodSync(join(project, ".state"), 0o755);
  await pulumi(["stack", "ls"]);
  for (const dir of [".state", ".muster"]) expect(statSync(join(project, dir)).mode & 0o777).toBe(0o700);
});

test("a passphrase that is missing in a clone of the project is reported in one sentence with exit code 2", async () => {
  encrypt("prod");
  const { stdout, stderr, exitCode } = await pulumi(["up", "-s", "acme/fleet/prod"]);
  expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 2 });
  const file = join(project, "stacks/prod.passphrase");
  expect(stderr).toMatch(
    /^pulumi: the secrets of stack prod cannot be read: .*Pulumi\.prod\.yaml is encrypted/,
  );
  expect(stderr).toContain(`Ask a teammate for it and save it as ${file} with mode 0600.`);
  expect(stderr.split("\n")).toHaveLength(1);
});

test("a wrong passphrase is reported in one sentence with exit code 2, and a correct passphrase is checked only once", async () => {
  const salt = "v1:MHS07J+r2jw=:v1:jUXwc633E8QvTtJN:BwfurHMEdtuweEwIF2IK0ceLuOsE4g==";
  const stackFile = join(project, "stacks/Pulumi.prod.yaml");
  writeFileSync(stackFile, `encryptionsalt: ${salt}\n`);
  const file = passphrase("prod");
  const { stdout, stderr, exitCode } = await pulumi(["up"]);
  expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 2 });
  expect(stderr).toBe(
    `pulumi: the secrets of stack prod cannot be read: the passphrase in ${file} is not the one that ${stackFile} was encrypted with. Ask a teammate for the right passphrase.`,
  );
  standIn("echo ran");
  writeFileSync(file, "x\n");
  expect((await pulumi(["up"])).stdout).toBe("ran");
  expect((await pulumi(["up"])).stdout).toBe("ran");
  writeFileSync(file, "y\n");
  expect((await pulumi(["up"])).exitCode).toBe(2);
  expect((await pulumi(["up"], { env: { PULUMI_CONFIG_PASSPHRASE: "x" } })).stdout).toBe("ran");
});

test("commands that need no passphrase run without a passphrase", async () => {
  encrypt("prod");
  standIn("echo ran");
  expect((await pulumi(["stack", "ls", "-s", "prod"])).stdout).toBe("ran");
});

test("a killed run's lock is removed by a later run that changes the stack, but not by other commands", async () => {
  const file = join(project, ".state/.pulumi/locks/organization/fleet/prod/1.json");
  mkdirSync(dirname(file), { recursive: true });
  const timestamp = "2026-01-02T03:04:05.678Z";
  const lock = { pid: 2 ** 22 + 1, username: "eve", hostname: hostname(), timestamp };
  writeFileSync(file, JSON.stringify(lock));
  await pulumi(["stack", "ls", "-s", "prod"]);
  expect(existsSync(file)).toBe(true);
  const { stderr } = await pulumi(["up", "-s", "prod"]);
  expect(existsSync(file)).toBe(false);
  expect(stderr).toBe(
    `muster: removed the lock of stack prod that eve@${hostname()} (process ${lock.pid}) took at 2026-01-02T03:04:05Z: that run was killed`,
  );
});

test("`stack init` creates a passphrase for any stack name and asks the user to save it", async () => {
  const { stderr } = await pulumi(["stack", "init", "other"]);
  const file = join(project, "stacks/other.passphrase");
  expect(readFileSync(file, "utf8")).toMatch(/^[\w-]{43}\n$/);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(String(stderr)).toContain(
    "created stacks/other.passphrase, which git ignores: save it in your password store",
  );
  const env = await environment(["stack", "init", "other"]);
  expect(env["PULUMI_CONFIG_PASSPHRASE_FILE"]).toBe(file);
});

test("`stack init` creates no passphrase for a stack that already has a passphrase or needs none", async () => {
  encrypt("made-elsewhere");
  const refused = await pulumi(["stack", "init", "made-elsewhere"]);
  expect(String(refused.stderr)).toContain("Ask a teammate for it");
  await pulumi(["stack", "init", "--secrets-provider", "awskms://key", "kms"]);
  await pulumi(["stack", "init", "cloud"], { env: { PULUMI_BACKEND_URL: "https://api.pulumi.com" } });
  await pulumi(["stack", "init", "given"], { env: { PULUMI_CONFIG_PASSPHRASE: "x" } });
  for (const stack of ["made-elsewhere", "kms", "cloud", "given"]) {
    expect(existsSync(join(project, `stacks/${stack}.passphrase`)), stack).toBe(false);
  }
});

test("a project that uses the package's former name is refused with one sentence that says how to change the project", async () => {
  const file = join(project, "Pulumi.yaml");
  writeFileSync(file, `${readFileSync(file, "utf8")}\nmain: node_modules/muster/dist/program.mjs\n`);
  const up = await pulumi(["up"]);
  expect(up).toMatchObject({ exitCode: 2, stdout: "" });
  expect(up.stderr).toBe(
    "pulumi: Pulumi.yaml: it names node_modules/muster: Muster's npm package is called muster-fleet now. " +
      "Run `npx fleet init .`, which changes Pulumi.yaml and package.json.",
  );
  expect(await pulumi(["stack", "ls"])).toMatchObject({ exitCode: 0 });
});
