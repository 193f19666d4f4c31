import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { InvalidError } from "../../src/base/errors.ts";
import { readInventory } from "../../src/inventory/read-inventory.ts";
import { forgetHost, pinHost } from "../../src/inventory/write-inventory.ts";
import { SOME_KEY } from "../fixtures/target.ts";

let project: string;

beforeEach(() => {
  project = mkdtempSync(join(tmpdir(), "muster-inventory-"));
});

afterEach(() => rmSync(project, { recursive: true }));

const host = { address: "10.0.0.7", hostKeys: [SOME_KEY] };
const textOf = (name: string) => readFileSync(join(project, "stacks", name), "utf8");

function write(text: string): void {
  mkdirSync(join(project, "stacks"), { recursive: true });
  writeFileSync(join(project, "stacks/inventory.yaml"), text);
}

describe("the inventory", () => {
  test("has no hosts if its files do not exist", () => {
    const none = new Map();
    expect(readInventory(project)).toEqual({ ssh: none, local: none, droplet: none, pulumi: none });
  });

  test("returns the recorded hosts, each kind from its own file", () => {
    const reached = { ...host, port: 2222, user: "admin" };
    pinHost(project, "ssh", "hub", reached);
    pinHost(project, "local", "spark", host);
    const { ssh, local } = readInventory(project);
    expect([...ssh]).toEqual([["hub", reached]]);
    expect([...local]).toEqual([["spark", host]]);
  });

  test("writes the same text for every order of writes, and rewrites no unchanged file", () => {
    pinHost(project, "ssh", "zeta", host);
    pinHost(project, "ssh", "alpha", { hostKeys: host.hostKeys, address: host.address });
    expect(textOf("inventory.yaml")).toMatch(
      /^# .*\n# .*\nhosts:\n {2}alpha:\n {4}address: 10\.0\.0\.7\n {4}hostKeys:\n {6}- ssh-ed25519 \S+\n {2}zeta:\n/,
    );
    const { ino } = statSync(join(project, "stacks/inventory.yaml"));
    pinHost(project, "ssh", "zeta", host);
    expect(statSync(join(project, "stacks/inventory.yaml")).ino).toBe(ino);
  });

  test("does not contain a forgotten host, and the host can be forgotten again without an error", () => {
    pinHost(project, "ssh", "hub", host);
    pinHost(project, "ssh", "east", host);
    forgetHost(project, "ssh", "hub");
    forgetHost(project, "ssh", "hub");
    expect([...readInventory(project).ssh.keys()]).toEqual(["east"]);
  });

  test("contains a relative path to a key file if the key file is inside the project", () => {
    pinHost(project, "local", "hub", { ...host, identityFile: join(project, ".muster/ssh/key") });
    expect(textOf("inventory.local.yaml")).toContain("identityFile: .muster/ssh/key\n");
    expect(readInventory(project).local.get("hub")?.identityFile).toBe(join(project, ".muster/ssh/key"));
  });

  test("keeps the records of eight processes that write at the same time", async () => {
    const module = join(import.meta.dirname, "../../src/inventory/write-inventory.ts");
    const names = Array.from({ length: 8 }, (_, at) => `host${at}`);
    await Promise.all(
      names.map((name) => {
        const pin = `(await import(${JSON.stringify(module)})).pinHost(process.cwd(), "ssh", "${name}", ${JSON.stringify(host)})`;
        return execa(process.execPath, ["--input-type=module", "-e", pin], { cwd: project });
      }),
    );
    expect([...readInventory(project).ssh.keys()]).toEqual(names);
  });
});

describe("an invalid inventory file", () => {
  const cases: Record<string, [text: string, line: number, why: string]> = {
    "a merge conflict": ["hosts:\n<<<<<<< HEAD\n  a: 1\n", 2, ""],
    "no hosts": ["machines: {}\n", 1, "it must have a map `hosts` with a key for each host."],
    "an empty file": ["", 1, "it must have a map `hosts` with a key for each host."],
    "a host without an address": ["hosts:\n  hub:\n    hostKeys: []\n", 3, "hosts.hub has no address."],
    "an invalid port": [
      "hosts:\n  hub:\n    address: a\n    hostKeys: []\n    port: 0\n",
      5,
      "hosts.hub.port must be a port number.",
    ],
    "an address that ssh would take for an option": [
      "hosts:\n  hub:\n    address: -oProxyCommand=x\n    hostKeys: []\n",
      3,
      "hosts.hub.address must be one word that does not begin with a dash.",
    ],
    "an invalid key": [
      "hosts:\n  hub:\n    address: a\n    hostKeys: [nonsense]\n",
      4,
      "hosts.hub.hostKeys must be a list of public keys.",
    ],
    "an unknown field": [
      "hosts:\n  hub:\n    address: a\n    hostKeys: []\n    keys: []\n",
      5,
      "hosts.hub.keys is not a known field.",
    ],
  };

  test.each(Object.entries(cases))("is refused with the line of the error: %s", (_, [text, line, why]) => {
    write(text);
    const read = () => readInventory(project);
    expect(read).toThrow(InvalidError);
    expect(read).toThrow(`stacks/inventory.yaml:${line}: the inventory is invalid: ${why}`);
  });

  test("is not overwritten", () => {
    write("hosts: [\n");
    expect(() => pinHost(project, "ssh", "hub", host)).toThrow(InvalidError);
    expect(textOf("inventory.yaml")).toBe("hosts: [\n");
  });
});
