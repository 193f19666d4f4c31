import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv } from "ajv";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { packageRoot } from "../../src/base/muster-folders.ts";
import { ensureBuilt, makeSandbox, type Sandbox } from "./support/sandbox.ts";

const KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDj3cVcBVX2kNuqbPv0l9lMqZ9y3sGm0c1b0k2x5F7aB";
const FLEET = `
apiVersion: muster/v1
kind: Fleet
name: arc
hosts:
  hub: { kind: ssh, address: 192.0.2.1, hostKeys: ["${KEY}"] }
  east: { kind: ssh, address: 192.0.2.2, hostKeys: ["${KEY}"] }
tenants: { arc: {} }
identities:
  iris: { soul: soul.md }
  loom: { soul: soul.md }
contacts: { iris: {}, loom: {} }
agents:
  iris: { host: hub, tenant: arc, command: [/bin/sh, agent.sh] }
  loom: { host: east, tenant: arc, command: [/bin/sh, agent.sh] }
`;
const STOPPED = {
  "hub/iris/agent/unit:unit": { props: { enabled: "enabled", active: "stopped", overrides: "none" } },
};

let sandbox: Sandbox;
let empty: Sandbox;

beforeAll(async () => {
  await ensureBuilt();
  empty = makeSandbox();
  sandbox = makeSandbox({ "fleet.yaml": FLEET, "soul.md": "# Iris\n" });
});

beforeEach(() => sandbox.hosts({}));

afterAll(() => {
  sandbox?.remove();
  empty?.remove();
});

/** Validates a command's JSON against the command's published schema. @returns the errors, or null */
function schemaErrors(name: string, json: unknown) {
  const read = (file: string) => JSON.parse(readFileSync(join(packageRoot(), "docs/schema", file), "utf8"));
  const ajv = new Ajv({ allErrors: true, allowUnionTypes: true });
  ajv.addSchema(read("drift.schema.json"), "drift.schema.json");
  const file = `${name}.schema.json`;
  const validate = ajv.getSchema(file) ?? ajv.compile(read(file));
  validate(json);
  return validate.errors;
}

describe("fleet", () => {
  test("lists its commands and exit codes with `--help`", async () => {
    const { code, out } = await sandbox.fleet("--help");
    expect(code).toBe(0);
    for (const word of ["init", "validate", "drift", "ps", "ssh", "doctor", "clean", "7  drift found"]) {
      expect(out).toContain(word);
    }
    expect((await sandbox.fleet("drift", "--help")).out).toMatch(/--markdown.*Exit codes:/s);
  });

  test("refuses an unknown command or option, and suggests a similar name", async () => {
    expect(await sandbox.fleet("drfit")).toMatchObject({ code: 2, err: expect.stringContaining("drift") });
    expect(await sandbox.fleet("drift", "--jsn")).toMatchObject({
      code: 2,
      err: expect.stringContaining("--json"),
    });
  });

  test("reports a missing fleet.yaml in one sentence, and prints a stack trace only with `--debug`", async () => {
    const { code, out, err } = await empty.fleet("drift");
    expect([code, out]).toEqual([2, ""]);
    expect(err).toMatch(/^no project was found: there is no fleet\.yaml .*`npx fleet init`\.$/);
    expect((await empty.fleet("drift", "--debug")).err).toContain("at openFleet");
  });
});

describe("fleet drift", () => {
  test("prints one line and exits with code 0 if nothing has drifted", async () => {
    expect(await sandbox.fleet("drift")).toEqual({ code: 0, out: "2 hosts, 2 agents: no drift", err: "" });
  });

  test("shows each drifted item, and exits with code 7", async () => {
    sandbox.hosts({ hub: STOPPED });
    const { code, out } = await sandbox.fleet("drift");
    expect(code).toBe(7);
    expect(out).toMatch(/^hub\n {2}iris {2}unit {2}active {2}declared running {2}observed stopped /);
  });

  test("checks all reachable hosts even if one host is unreachable, and prints no colour codes in JSON", async () => {
    sandbox.hosts({ hub: STOPPED, east: "away" });
    const { code, out } = await sandbox.fleet("drift", "--json");
    const json = JSON.parse(out);
    expect(schemaErrors("drift", json)).toBeNull();
    expect([code, json.codes]).toEqual([7, [7, 4]]);
    expect(json.hosts[1]).toMatchObject({ host: "east", state: "away" });
    expect(json.hosts[1].reason).toMatch(/Connection refused/);
    expect((await sandbox.fleet("drift", "--host", "east")).code).toBe(4);
    expect(out).not.toContain("\u001b");
  });

  test("accepts only declared hosts and tenants", async () => {
    const { code, err } = await sandbox.fleet("drift", "--host", "hubb");
    expect([code, err]).toEqual([2, expect.stringContaining('Did you mean "hub"?')]);
    expect((await sandbox.fleet("drift", "--tenant", "arc", "--host", "hub")).out).toContain(
      "1 host, 1 agent",
    );
  });

  test("prints JSON even if the command finds no fleet.yaml", async () => {
    const { code, out } = await empty.fleet("drift", "--json");
    expect(code).toBe(2);
    expect(schemaErrors("drift", JSON.parse(out))).toBeNull();
  });
});

describe("fleet ps", () => {
  test("prints one row per agent", async () => {
    const { code, out } = await sandbox.fleet("ps");
    expect(code).toBe(0);
    expect(out).toMatch(/^iris +hub +running +1m 15s +182M +command +- +-$/m);
    expect(out.split("\n").every((line) => line.length <= 80)).toBe(true);
  });

  test("shows agents on an unreachable host as unreachable, and exits with code 4", async () => {
    sandbox.hosts({ east: "away" });
    const { code, out } = await sandbox.fleet("ps", "--json");
    const json = JSON.parse(out);
    expect(schemaErrors("ps", json)).toBeNull();
    expect([code, json.codes]).toEqual([4, [4]]);
    expect(json.agents).toMatchObject([
      { agent: "iris", tenant: "arc", host: "hub", state: "running", pid: 4711 },
      { agent: "loom", tenant: "arc", host: "east", state: "away" },
    ]);
    expect((await sandbox.fleet("ps")).out).toMatch(/^loom +east +unreachable .* UNREACHABLE$/m);
  });
});

describe("fleet validate", () => {
  test("reports that a fleet is valid, and prints the number of its hosts and agents", async () => {
    const { code, out } = await sandbox.fleet("validate");
    expect([code, out]).toEqual([0, expect.stringMatching(/fleet\.yaml is valid: 2 hosts, 2 agents$/)]);
  });

  test("reports every error with its line and column, and exits with code 2", async () => {
    const broken = makeSandbox({ "fleet.yaml": FLEET.replace("host: hub", "host: hubb"), "soul.md": "" });
    try {
      const { code, out } = await broken.fleet("validate");
      expect(code).toBe(2);
      expect(out).toMatch(/fleet\.yaml:14:17 agents\.iris\.host: .*did you mean "hub"/);
      const { out: text } = await broken.fleet("validate", "--json");
      expect(schemaErrors("validate", JSON.parse(text))).toBeNull();
      expect(JSON.parse(text)).toMatchObject({ exit: 2, codes: [2] });
    } finally {
      broken.remove();
    }
  });
});

describe("fleet ssh", () => {
  test("runs a command on a host and exits with the command's exit code", async () => {
    expect(await sandbox.fleet("ssh", "hub", "--", "whoami")).toMatchObject({ code: 3, out: "root" });
  });

  test("requests a terminal on the host only if the command itself runs in a terminal", async () => {
    const before = sandbox.calls().length;
    await sandbox.fleet("ssh", "hub", "--", "whoami");
    await sandbox.fleetInTerminal("ssh", "hub", "--", "whoami");
    const [piped = "", typed = ""] = sandbox.calls().slice(before);
    expect([piped.startsWith("-t "), typed.startsWith("-t ")]).toEqual([false, true]);
  });

  test("refuses a host that is not declared in fleet.yaml", async () => {
    expect((await sandbox.fleet("ssh", "hubb")).err).toContain('Did you mean "hub"?');
  });
});

test("`fleet completion` prints a script for bash", async () => {
  const { out } = await sandbox.fleet("completion", "bash");
  expect(out).toMatch(/drift\) words="--host --tenant .*--json --markdown"/);
  expect((await sandbox.fleet("completion", "tcsh")).code).toBe(2);
});

test("`fleet clean` lists the contents of the cache, and removes these contents only with `--yes`", async () => {
  const cache = join(empty.dir, "..", ".cache", "muster");
  mkdirSync(join(cache, "engine"), { recursive: true });
  const { out } = await empty.fleet("clean");
  expect(out).toMatch(/ (kB|bytes) +\/.*\.cache\/muster\/engine\nNothing was removed\./);
  expect(existsSync(cache)).toBe(true);
  expect(await empty.fleet("clean", "--yes")).toMatchObject({ code: 0 });
  expect(existsSync(cache)).toBe(false);
});
