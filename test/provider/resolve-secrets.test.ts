import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Secret } from "../../src/base/secret.ts";
import { addressReference } from "../../src/model/scrape-targets.ts";
import { renderSecret, resolveSecret, secretsFrom } from "../../src/provider/resolve-secrets.ts";
import { decode, encode } from "../../src/provider/wire/struct.ts";

/** Returns a made-up output for every command. */
const commands = (command: string) => new Secret(`output of ${command}`);

const SEED = Number(process.env["SEED"] ?? Date.now() % 1_000_000);

/** Returns the address and the keys of a host. Only the host hub is known. */
const peerOf = (host: string) =>
  host === "hub" ? { address: "192.0.2.7", hostKeys: ["ssh-ed25519 AAAA"] } : undefined;

/** Returns a value in double quotes as systemd reads it (systemd.exec(5), EnvironmentFile=). */
function readBySystemd(line: string): string {
  const quoted = /^[A-Z_]+="([\s\S]*)"\n$/.exec(line)?.[1] ?? "";
  return quoted.replace(/\\(["\\`$])/g, "$1");
}

describe("a secret in an environment file", () => {
  it("is read unchanged by systemd, even with special characters", () => {
    const value = fc.string({ unit: fc.constantFrom(...'ab"\\`$ #;=%\t{}ä'), minLength: 1 });
    fc.assert(
      fc.property(value, (text) => {
        expect(readBySystemd(renderSecret(new Secret(text), "API_KEY"))).toBe(text);
      }),
      { seed: SEED },
    );
  });

  it("loses a newline that an editor has added", () => {
    expect(renderSecret(new Secret("key\r\n"), "API_KEY")).toBe('API_KEY="key"\n');
  });

  it.each(["two\nlines", "a\rb", "a\0b"])("is refused if it does not fit on one line: %j", (value) => {
    expect(() => renderSecret(new Secret(value), "API_KEY")).toThrow(
      "contains a line break or a NUL character",
    );
  });

  it("is quoted, but a secret in its own file is not", () => {
    expect(renderSecret(new Secret("-----BEGIN\nkey\n"))).toBe("-----BEGIN\nkey\n");
  });
});

describe("a reference to a secret", () => {
  const sources = { config: new Map(), env: { EMPTY: "" }, commands, peerOf };
  it.each([
    ["env:NOT_SET", "Run `export NOT_SET=…` before `npx pulumi`."],
    ["env:EMPTY", "it is empty"],
    ["file:/nowhere/key", "it cannot be read (ENOENT)"],
    ["vault:key", "it is not a reference"],
  ])("is refused with a reason if it cannot be resolved: %s", (reference, sentence) => {
    expect(() => resolveSecret(reference, sources)).toThrow(sentence);
  });

  it.each([
    [`\${ANTHROPIC_API_KEY}`, "is only a reference to a variable"],
    ["$KEY\n", "is only a reference to a variable"],
    [`"\${op://agents/iris}"`, "is only a reference to a variable"],
    ["{{ vault.key }}", "is only a reference to a variable"],
    ["<YOUR_API_KEY>", "is only a reference to a variable"],
    ["API_KEY", "is the name of a variable"],
    ["IRIS", "is the name of a variable"],
    ["null\n", "is a word that programs print for a missing value"],
    ["<no value>", "is a word that programs print for a missing value"],
    ['""', "is empty"],
    ["\ufeff \r\n", "is empty"],
  ])("is refused if its value stands for a missing value: %j", (IRIS, sentence) => {
    const all = { ...sources, env: { IRIS } };
    expect(() => resolveSecret("env:IRIS", all, ["API_KEY"])).toThrow(sentence);
  });

  it.each(["pa$$word", `\${a}-\${b}`, "sk-$KEY", "nullable", "$1$salt$hash"])(
    "accepts a secret that only looks like a reference: %s",
    (IRIS) => {
      const all = { ...sources, env: { IRIS } };
      expect(resolveSecret("env:IRIS", all, ["API_KEY"]).reveal()).toBe(IRIS);
    },
  );

  it("is refused in the resource of the agent of Claude Code under the declared name of its variable", () => {
    const { rendered } = secretsFrom(() => ({ ...sources, env: { IRIS: "ANTHROPIC_API_KEY" } }));
    const item = { secret: "env:IRIS", envName: "MUSTER_ANTHROPIC_API_KEY" };
    expect(() => rendered(item)).toThrow("is the name of a variable");
  });
});

it("the addresses of hosts are read from fleet.yaml or from Muster's inventory, and an unknown address is the host's name", () => {
  const hosts = { hub: undefined, east: "10.0.0.7", west: undefined };
  const reference = addressReference({ hosts, port: 9100 });
  const text = resolveSecret(reference, { config: new Map(), env: {}, commands, peerOf }).reveal();
  expect(JSON.parse(text)).toEqual([
    { targets: ["192.0.2.7:9100"], labels: { host: "hub", instance: "hub" } },
    { targets: ["10.0.0.7:9100"], labels: { host: "east", instance: "east" } },
    { targets: ["west:9100"], labels: { host: "west", instance: "west" } },
  ]);
});

it("a decoded secret cannot be printed by accident, and is encoded as a secret", () => {
  const read = decode(encode({ key: new Secret("canary"), list: [{ inner: new Secret("canary") }] }));
  expect(JSON.stringify(read)).not.toContain("canary");
  expect(encode(read).toJavaScript()).toEqual({
    key: { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", value: "canary" },
    list: [
      { inner: { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", value: "canary" } },
    ],
  });
});

describe("a value that two agents have", () => {
  const one = "sk-one-0123456789";
  const values = (env: Record<string, string>) =>
    secretsFrom(() => ({ config: new Map(), env, commands, peerOf }));
  const held = (name: string, more: object = {}) => ({ secret: `env:${name}`, owner: name, ...more });

  it.each([one, `${one}\n`, `${one}\r\n`, `\ufeff${one}\r\n`, ` ${one} `])(
    "is refused, even with other characters around it: %j",
    (other) => {
      const secrets = values({ A: one, B: other });
      secrets.refuseShared(held("A"), "hub");
      expect(() => secrets.refuseShared(held("B"), "hub")).toThrow("env:B and env:A have the same value");
    },
  );

  it.each([
    ["a declared login", one, { login: true }],
    ["a login by its value", '{"claudeAiOauth":{"refreshToken":"r-0123456789"}}', {}],
  ])("is refused on two hosts if it is %s, even with a reason for sharing", (_, value, more) => {
    const secrets = values({ A: value, B: `${value}\n` });
    const item = { ...more, sharedBecause: "one account" };
    secrets.refuseShared(held("A", item), "hub");
    expect(() => secrets.refuseShared(held("C", { ...item, secret: "env:A" }), "hub")).not.toThrow();
    expect(() => secrets.refuseShared(held("B", item), "box")).toThrow(
      "are the same OAuth login, on box and hub",
    );
  });

  it("is allowed with a reason if it is not a login", () => {
    const secrets = values({ A: one, B: one });
    secrets.refuseShared(held("A", { sharedBecause: "one account" }), "hub");
    expect(() => secrets.refuseShared(held("B", { sharedBecause: "one account" }), "box")).not.toThrow();
  });
});

it("the value of a command is its output", () => {
  const sources = { config: new Map(), env: {}, commands, peerOf };
  expect(resolveSecret("exec:pass show iris", sources).reveal()).toBe("output of pass show iris");
});

it("a byte order mark does not reach the agent, and a value that contains only spaces is empty", () => {
  const sources = {
    config: new Map(),
    env: { MARKED: "\ufeffsk-9\r\n", BLANK: "\ufeff \n" },
    commands,
    peerOf,
  };
  expect(renderSecret(resolveSecret("env:MARKED", sources), "K")).toBe('K="sk-9"\n');
  expect(() => resolveSecret("env:BLANK", sources)).toThrow("it is empty");
});
