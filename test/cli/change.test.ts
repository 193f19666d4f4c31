import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Ajv } from "ajv";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { packageRoot } from "../../src/base/muster-folders.ts";
import { ensureBuilt, makeSandbox, type Sandbox } from "./support/sandbox.ts";

const KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDj3cVcBVX2kNuqbPv0l9lMqZ9y3sGm0c1b0k2x5F7aB";
const host = (address: string) => ({ kind: "ssh", address, hostKeys: [KEY] });
const agent = (name: string, on: string) => ({ host: on, tenant: "arc", command: ["/bin/sh", `${name}.sh`] });

const BASE = {
  apiVersion: "muster/v1",
  kind: "Fleet",
  name: "arc",
  hosts: { hub: host("192.0.2.1"), east: host("192.0.2.2") },
  tenants: { arc: {} },
  credentials: { key: { type: "api-key", from: "file:secrets/key" } },
  identities: { iris: { soul: "iris.md" }, loom: { soul: "loom.md" } },
  contacts: { iris: { email: "iris@example.org" }, loom: {} },
  agents: { iris: { ...agent("iris", "hub"), credentials: ["key"] }, loom: agent("loom", "east") },
};
const FILES = {
  "fleet.yaml": stringify(BASE),
  "iris.md": "# Iris\n\nYou are kind.\n",
  "loom.md": "# Loom\n",
};
const STOPPED = {
  "hub/iris/agent/unit:unit": { props: { enabled: "enabled", active: "stopped", overrides: "none" } },
};
/** The property that changes if the second sentence of iris.md is changed. */
const STRICT = {
  part: "identity",
  item: "SOUL.md",
  property: "content",
  before: "line 3: You are kind.",
  after: "line 3: You are strict.",
  lines: ["-You are kind.", "+You are strict."],
};

let sandbox: Sandbox;
let change: string;

beforeAll(async () => {
  await ensureBuilt();
  sandbox = makeSandbox(FILES);
  // Opening a fifo without a writer blocks, so a test that opens the secret would never end.
  mkdirSync(join(sandbox.dir, "secrets"));
  execFileSync("mkfifo", [join(sandbox.dir, "secrets/key")]);
});

beforeEach(() => {
  sandbox.hosts({});
  change = mkdtempSync(join(tmpdir(), "muster-change-"));
  write(FILES);
  return () => rmSync(change, { recursive: true });
});

afterAll(() => sandbox?.remove());

function write(files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) writeFileSync(join(change, path), text);
}

const writeFleet = (parts: object) => write({ "fleet.yaml": stringify({ ...BASE, ...parts }) });

const drift = (...options: readonly string[]) => sandbox.fleet("drift", "--change", change, ...options);

describe("fleet drift --change", () => {
  test("reports that a change affects no host, and opens no file that contains a secret", async () => {
    const { code, out } = await drift();
    expect([code, out]).toEqual([
      0,
      "The change affects no host.\n\nThe hosts now:\n\n2 hosts, 2 agents: no drift",
    ]);
  });

  test("lists the created, changed and removed items by host and agent, and exits with code 0", async () => {
    write({ "iris.md": "# Iris\n\nYou are strict.\n" });
    writeFleet({
      identities: { iris: { soul: "iris.md" }, nova: { soul: "loom.md" } },
      contacts: { iris: { email: "new@example.org" }, nova: {} },
      agents: { iris: { ...BASE.agents.iris, env: { A: "b" } }, nova: agent("nova", "east") },
    });
    const { code, out } = await drift("--json");
    const json = JSON.parse(out);
    const schema = readFileSync(join(packageRoot(), "docs/schema/drift.schema.json"), "utf8");
    const ajv = new Ajv({ allErrors: true, allowUnionTypes: true });
    ajv.validate(JSON.parse(schema), json);
    expect(ajv.errors).toBeNull();
    expect([code, json.codes, json.findings]).toEqual([0, [0], []]);
    const named = (action: string) =>
      json.change.resources
        .filter((one: { action: string }) => one.action === action)
        .map((one: { resource: string }) => one.resource);
    expect(named("create")).toEqual(["east/nova/agent"]);
    expect(named("delete")).toEqual(["east/loom/agent"]);
    expect(named("update")).toEqual(["hub/iris/agent"]);
    const iris = json.change.resources.find((one: { action: string }) => one.action === "update");
    expect(iris).toMatchObject({ restarts: true, restart: "when-idle" });
    expect(iris.properties).toContainEqual(STRICT);
    const text = (await drift()).out;
    expect(text).toContain("iris@example.org -> new@example.org");
    expect(text).toMatch(/~ {2}iris {2}unit file .*\n.*is restarted/);
    expect(text).toMatch(/- {2}loom {2}Agent +east\/loom\/agent/);
  });

  test("shows no restart if the agent does not read the changed file at startup", async () => {
    write({ "iris.md": "# Iris\n\nYou are strict.\n" });
    const place = { host: "hub", tenant: "arc", agent: "iris", resource: "hub/iris/agent", type: "Agent" };
    expect(JSON.parse((await drift("--json")).out).change.resources).toEqual([
      { ...place, action: "update", restarts: false, properties: [STRICT] },
    ]);
  });

  test("separates drift from the effects of the change, and exits with code 7", async () => {
    sandbox.hosts({ hub: STOPPED });
    write({ "iris.md": "# Iris\n\nYou are strict.\n" });
    const { code, out } = await drift();
    expect(code).toBe(7);
    const [effect, now] = out.split("The hosts now:");
    expect(effect).toContain("You are strict.");
    expect(effect).not.toContain("stopped");
    expect(now).toMatch(/iris {2}unit {2}active .* changed on the host/);
    expect(now).not.toContain("strict");
  });

  test("shows a new host and a changed address, but does not contact these hosts", async () => {
    writeFleet({
      hosts: {
        hub: { ...host("198.51.100.7"), port: 2222, user: "mallory" },
        east: host("192.0.2.2"),
        new: host("evil"),
      },
    });
    const before = sandbox.calls().length;
    const { code, out } = await drift();
    const calls = sandbox.calls().slice(before).join("\n");
    expect(calls).toContain("192.0.2.1");
    expect(calls).not.toMatch(/198\.51\.100\.7|2222|mallory|evil/);
    expect(code).toBe(0);
    expect(out).toMatch(/hub {2}address {3}192\.0\.2\.1 -> 198\.51\.100\.7/);
    expect(out).toMatch(/new {2}declared {2}no -> yes/);
  });

  test("does not read a file on a host if only the change declares this file", async () => {
    const files = { ".ssh/config": { text: "guess" } };
    writeFleet({ identities: { ...BASE.identities, iris: { soul: "iris.md", files } } });
    const before = sandbox.calls().length;
    expect((await drift()).out).toMatch(/iris {2}\.ssh\/config {2}present {2}false -> true/);
    expect(sandbox.calls().slice(before).join("\n")).not.toContain(".ssh/config");
  });

  test("exits with code 4 if a host is unreachable, and still shows the change", async () => {
    writeFleet({ agents: { ...BASE.agents, iris: { ...BASE.agents.iris, workdir: "elsewhere" } } });
    sandbox.hosts({ east: "away" });
    const { code, out } = await drift();
    expect(code).toBe(4);
    expect(out).toContain("WorkingDirectory=/home/iris/elsewhere");
  });

  test("reports errors in the change, and exits with code 2", async () => {
    writeFleet({ agents: { iris: { ...BASE.agents.iris, host: "hubb" } } });
    const { code, err } = await drift();
    expect([code, err]).toEqual([2, expect.stringContaining('did you mean "hub"')]);
    expect((await drift("--json")).code).toBe(2);
  });
});

describe("an untrusted change", () => {
  const SECRET = "a secret of the machine";
  let outside: string;

  beforeEach(() => {
    outside = mkdtempSync(join(tmpdir(), "muster-outside-"));
    writeFileSync(join(outside, "secret.md"), SECRET);
    return () => rmSync(outside, { recursive: true });
  });

  const refuses = async (sentence: string) => {
    for (const { code, out, err } of [await drift(), await sandbox.fleet("validate", "--change", change)]) {
      expect([code, `${out}${err}`]).toEqual([2, expect.stringContaining(sentence)]);
      expect(out + err).not.toContain(SECRET);
    }
  };

  test("cannot name a path outside the checkout", async () => {
    writeFleet({ identities: { ...BASE.identities, iris: { soul: join("..", "x", "secret.md") } } });
    await refuses("leads out of the folder");
  });

  test("cannot name an absolute path", async () => {
    writeFleet({ identities: { ...BASE.identities, iris: { soul: join(outside, "secret.md") } } });
    await refuses("must be relative to the folder");
  });

  test("cannot name a symlink that leads out of the checkout", async () => {
    rmSync(join(change, "iris.md"));
    symlinkSync(join(outside, "secret.md"), join(change, "iris.md"));
    await refuses("leads out of the folder of fleet.yaml by a symlink");
  });

  test("cannot name a file in a symlinked folder outside the checkout", async () => {
    symlinkSync(outside, join(change, "folder"));
    writeFleet({ identities: { ...BASE.identities, iris: { soul: "folder/secret.md" } } });
    await refuses("leads out of the folder of fleet.yaml by a symlink");
  });

  test("cannot replace fleet.yaml with a symlink that leads out of the checkout", async () => {
    rmSync(join(change, "fleet.yaml"));
    symlinkSync(join(outside, "secret.md"), join(change, "fleet.yaml"));
    await refuses("fleet.yaml leads out of the folder of fleet.yaml by a symlink");
  });

  test("cannot replace the contacts file with a symlink that leads out of the checkout", async () => {
    symlinkSync(join(outside, "secret.md"), join(change, "contacts.yaml"));
    writeFleet({ contacts: { from: "contacts.yaml" } });
    await refuses("leads out of the folder of fleet.yaml by a symlink");
  });

  test("cannot name a file in .git, because .git may contain a token", async () => {
    mkdirSync(join(change, ".git"));
    write({ ".git/config": SECRET });
    writeFleet({ identities: { ...BASE.identities, iris: { soul: ".git/config" } } });
    await refuses("leads into a .git folder");
  });

  test("cannot insert a mention, image or link into the comment on the pull request", async () => {
    write({
      "iris.md": "# Iris\n\n```\n@all ![x](https://evil.example/x.png) <img src=x> | a\n\u001b[31m\u202e\n",
    });
    const { out } = await drift("--markdown");
    const fence = out.match(/^(`{3,})diff$/m)?.[1] ?? "";
    expect(fence).toBe("````");
    const [, block = "", rest = ""] = out.split(/^````(?:diff)?$/m);
    expect(block).toContain("@all");
    expect(out).not.toMatch(/[^\P{Cc}\n]|\p{Cf}/u);
    const outsideOfIt = (out.split(/^````diff$/m)[0] ?? "") + rest;
    expect(outsideOfIt.replaceAll(/<\/?code>|&#\d+;/g, "")).not.toMatch(/@all|!\[|<img|https:/);
  });
});
