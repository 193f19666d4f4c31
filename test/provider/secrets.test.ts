import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Secret } from "../../src/base/secret.ts";
import { renderSecret, resolveSecret } from "../../src/provider/secrets.ts";
import { decode, encode } from "../../src/provider/wire/struct.ts";

const SEED = Number(process.env["SEED"] ?? Date.now() % 1_000_000);

/** A value in double quotes as systemd reads it (systemd.exec(5), EnvironmentFile=). */
function readBySystemd(line: string): string {
  const quoted = /^[A-Z_]+="([\s\S]*)"\n$/.exec(line)?.[1] ?? "";
  return quoted.replace(/\\(["\\`$])/g, "$1");
}

describe("a secret in an environment file", () => {
  it("is returned unchanged, whatever it contains", () => {
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

  it("is quoted, although it is written unchanged in a file of its own", () => {
    expect(renderSecret(new Secret("-----BEGIN\nkey\n"))).toBe("-----BEGIN\nkey\n");
  });
});

describe("a reference to a secret", () => {
  const sources = { config: new Map(), env: { EMPTY: "" } };
  it.each([
    ["env:NOT_SET", "Run `export NOT_SET=…` before `npx pulumi`."],
    ["env:EMPTY", "it is empty"],
    ["file:/nowhere/key", "it cannot be read (ENOENT)"],
    ["vault:key", "it is not a reference"],
  ])("is refused with a reason if it cannot be resolved: %s", (reference, sentence) => {
    expect(() => resolveSecret(reference, sources)).toThrow(sentence);
  });
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
