import { mkdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import {
  canariesIn,
  environsWith,
  filesWith,
  hostFilesWith,
  makeCanaries,
  watchProcesses,
} from "./support/canaries.ts";
import { localFleet } from "./support/fleets.ts";
import { linkOf } from "./support/host-link.ts";
import { type CommandResult, makeProject, must, type Project } from "./support/project.ts";

/** Every combination of a secret's source and its delivery to the agent (environment variable or file). */
const SECRETS = [
  { name: "config-env", from: "config:config-env", env: "CONFIG_KEY" },
  { name: "config-file", from: "config:config-file" },
  { name: "env-env", from: "env:CANARY_A", env: "ENV_KEY", expires: "2001-01-31" },
  { name: "env-file", from: "env:CANARY_B" },
  { name: "exec-env", from: "exec:sh -c 'echo run >>runs; cat secrets/exec-env'", env: "EXEC_KEY" },
  { name: "exec-file", from: "exec:cat secrets/exec-file" },
  { name: "file-env", from: "file:secrets/file-env", env: "FILE_KEY" },
  { name: "file-file", from: "file:secrets/file-file" },
] as const;

const values = makeCanaries([...SECRETS.map(({ name }) => name), "rotated"]);
const canaries = { ...values, passphrase: "a passphrase for tests" };

const started = Date.now();

let project: Project;
/** The results of all commands that the tests in this file have run. */
const results: (CommandResult & { command: string })[] = [];
let processes: ReturnType<typeof watchProcesses>;

beforeAll(async () => {
  processes = watchProcesses(canaries);
  project = await makeProject(fleetFiles());
  mkdirSync(join(project.dir, "tmp"));
  for (const name of ["file-env", "file-file", "exec-env", "exec-file"])
    project.write(`secrets/${name}`, `${values[name]}\n`, 0o600);
  for (const name of ["config-env", "config-file"]) await setConfig(name, values[name] as string);
  await run(["preview", "--diff"]);
  await run(["up", "--yes"]);
});

afterAll(() => project?.dispose());

describe("a secret's value", () => {
  test("reaches only the agent that needs it", async () => {
    const environ = await environOf("iris");
    for (const { name, ...secret } of SECRETS) {
      const file = await project.onHost("box", `cat /var/lib/muster/credentials/iris/${name}`);
      expect(file).toContain(values[name]);
      if ("env" in secret) expect(environ).toContain(`${secret.env}=${values[name]}`);
      else expect(canariesIn({ [name]: values[name] as string }, environ)).toEqual([]);
    }
    expect(await environsWith(canaries, project, "box")).toEqual(["iris"]);
  });

  test("is read from a command once for each preview or `up`, and not by `validate` and `drift`", async () => {
    await must(project.fleet(["validate"]));
    await must(project.fleet(["drift"]));
    expect(project.read("runs")).toBe("run\nrun\n");
  });

  test("is reported by previews and by `fleet ps` if it has expired", async () => {
    const [preview] = results.filter(({ command }) => command === "preview --diff");
    expect(preview?.all).toContain("credential env-env has expired on 2001-01-31.");
    const { stdout } = await must(project.fleet(["ps"]), 5);
    expect(stdout).toMatch(/^iris .* EXPIRES$/m);
    expect(stdout).toContain("iris: its credential env-env has expired on 2001-01-31.");
  });

  test("does not appear in the output of any command", async () => {
    await setConfig("config-file", values["rotated"] as string);
    await project.onHost("box", "for f in /var/lib/muster/credentials/iris/*; do echo changed > $f; done");
    await project.fleet(["drift"]).then((drift) => results.push({ ...drift, command: "drift" }));
    expect((await fleet(["drift", "--json"])).exitCode).toBe(7);
    await run(["preview", "--json"], 0);
    await run(["preview", "--diff", "--expect-no-changes"], 7);
    await run(["up", "--yes", "--json", "--event-log", join(project.dir, "tmp/events.json")]);
    await run(["up", "--yes", "--skip-preview", "-v=8", "--logflow", "--logtostderr"]);
    await run(["preview", "-v=8", "--logflow", "--logtostderr=false"]);
    await fleet(["ps", "--json"]);
    await run(["stack", "export"]);
    await run(["stack", "history", "--json"]);
    for (const { command, all } of results)
      expect([command, ...canariesIn(canaries, all)]).toEqual([command]);
  });

  test("cannot be written to the engine's log, because Muster refuses the option `-v=9`", async () => {
    const { stderr } = await run(["up", "--yes", "-v=9", "--logtostderr"], 2);
    expect(stderr).toBe(
      "pulumi: -v=9 was refused: with it, the engine writes the stack's secrets to its log in plain text. " +
        "Use -v=8: it logs everything except the values of properties.",
    );
  });

  test("does not appear in the output of a run that fails", async () => {
    await setConfig("config-file", values["config-file"] as string);
    const link = await linkOf(project, "box");
    await link.cut();
    try {
      await run(["up", "--yes", "--json"], 1);
      await run(["preview", "--diff", "--expect-no-changes"], 7);
    } finally {
      await link.restore();
    }
    await run(["up", "--yes", "--skip-preview"]);
    for (const { command, all } of results)
      expect([command, ...canariesIn(canaries, all)]).toEqual([command]);
  });

  test("is stored only in its source file and in its credential file on the host", async () => {
    expect(filesWith(canaries, project.dir).sort()).toEqual([
      "secrets/exec-env: exec-env",
      "secrets/exec-file: exec-file",
      "secrets/file-env: file-env",
      "secrets/file-file: file-file",
      "stacks/test.passphrase: passphrase",
    ]);
    const logs = join(process.env["PULUMI_HOME"] ?? join(homedir(), ".pulumi"), "logs");
    expect(filesWith(canaries, logs, started)).toEqual([]);
    const own = SECRETS.map(({ name }) => `/var/lib/muster/credentials/iris/${name}: ${name}`);
    expect(await hostFilesWith(canaries, project, "box")).toEqual(own);
  });

  test("never appears in a command line on this machine or on the host", () => {
    const { rounds, seen } = processes.stop();
    expect(seen).toEqual([]);
    expect(rounds).toBeGreaterThan(100);
  });
});

/** Runs the engine, keeps all of the engine's files in the project's folder, and records the output. */
async function run(args: readonly string[], exitCode = 0): Promise<CommandResult> {
  const answer = await must(project.pulumi(args, { env: environment() }), exitCode);
  results.push({ ...answer, command: args.join(" ") });
  return answer;
}

async function fleet(args: readonly string[]): Promise<CommandResult> {
  const answer = await project.fleet(args);
  results.push({ ...answer, command: args.join(" ") });
  return answer;
}

async function setConfig(name: string, value: string): Promise<void> {
  const args = ["config", "set", "--secret", `muster:${name}`];
  const answer = await must(project.pulumi(args, { env: environment(), input: value }));
  results.push({ ...answer, command: args.join(" ") });
}

function environment(): Record<string, string> {
  return {
    CANARY_A: values["env-env"] as string,
    CANARY_B: values["env-file"] as string,
    PULUMI_DEBUG_COMMANDS: "1",
    TMPDIR: join(project.dir, "tmp"),
  };
}

/** Prints the environment of each process that runs as the agent's user. */
function environOf(agent: string): Promise<string> {
  return project.onHost(
    "box",
    `for pid in $(pgrep -u ${agent}); do tr '\\0' '\\n' </proc/$pid/environ; done`,
  );
}

function fleetFiles(): Record<string, string> {
  const files = localFleet({ hosts: ["box"], agents: { box: ["iris", "loom"] } });
  const fleet = parse(files["fleet.yaml"] ?? "") as Record<string, Record<string, Record<string, unknown>>>;
  const credentials = SECRETS.map(({ name, ...secret }) => [name, { ...secret, type: "api-key" }] as const);
  const { iris, loom } = fleet["agents"] as Record<string, Record<string, unknown>>;
  const agents = {
    iris: { ...iris, credentials: SECRETS.map(({ name }) => name) },
    loom: { ...loom, credentials: [] },
  };
  return {
    ...files,
    "fleet.yaml": stringify({
      ...fleet,
      hosts: { box: { kind: "local", connectTimeout: 2 } },
      credentials: Object.fromEntries(credentials),
      agents,
    }),
  };
}
