import { mkdirSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { keyFilePatterns } from "../../src/host/rights/login-keys.ts";
import { fingerprintOf } from "../../src/model/login-key.ts";
import { readSudoRules, sudoRulesOf } from "../../src/model/sudo-rules.ts";
import { IRIS, makeWorld } from "./world.ts";

function world(files: Readonly<Record<string, string>>) {
  const made = makeWorld([IRIS, { name: "ops", uid: IRIS.uid + 1, gid: IRIS.gid }]);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(made.dir, path)), { recursive: true });
    writeFileSync(join(made.dir, path), text);
  }
  return made;
}

function sudoOf(text: string, more: Readonly<Record<string, string>> = {}): string[] {
  const files: Readonly<Record<string, string>> = { "/etc/sudoers": text, ...more };
  const names = (folder: string) =>
    Object.keys(files).flatMap((path) => (dirname(path) === folder ? [basename(path)] : []));
  const rules = readSudoRules({ text: (path) => files[path], names });
  const groups = [
    { name: "arc", gid: IRIS.gid },
    { name: "sudo", gid: 27 },
    { name: "video", gid: 44 },
  ];
  return sudoRulesOf(rules, { ...IRIS, groups }).map(({ line }) => line);
}

describe("a line of sudoers", () => {
  test.each([
    ["iris ALL=(ALL) NOPASSWD: ALL"],
    ["ops, iris ALL=(root) /bin/a"],
    [`#${IRIS.uid} ALL=(root) /bin/a`],
    ["%arc ALL=(root) /bin/a"],
    ["%video ALL=(root) /bin/a"],
    ["%#44 ALL=(root) /bin/a"],
    ["ALL ALL=(root) /bin/a"],
    ['"iris" ALL=(root) /bin/a'],
    ["iris host=/bin/a"],
  ])("applies to a user if it names the user in any form: %s", (line) => {
    expect(sudoOf(`${line}\n`)).toEqual([line]);
  });

  test.each([
    ["ops ALL=(ALL) ALL"],
    ["ALL, !iris ALL=(root) /bin/a"],
    ["%sudo ALL=(ALL:ALL) ALL"],
    ["# iris ALL=(ALL) ALL"],
    ["Defaults:iris env_keep=A"],
    ["Cmnd_Alias iris = /bin/a"],
    ["iris2 ALL=(ALL) ALL"],
  ])("does not apply to other users: %s", (line) => {
    expect(sudoOf(`${line}\n`)).toEqual([]);
  });

  test("is found through aliases, continued lines, comments and included files", () => {
    const text =
      "User_Alias A = ops, B : B = iris\nA ALL = \\\n  (root)   /bin/a # why\n@includedir /etc/sudoers.d\n#include more\n@include /etc/sudoers\n";
    const files = {
      "/etc/sudoers.d/x": "iris ALL=/bin/x\n",
      "/etc/sudoers.d/x.off": "iris ALL=/bin/off\n",
      "/etc/more": "iris ALL=/bin/more\n",
    };
    expect(sudoOf(text, files)).toEqual(["A ALL = (root) /bin/a", "iris ALL=/bin/x", "iris ALL=/bin/more"]);
  });
});

describe("a login key", () => {
  const blob = "AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f";

  test("has the fingerprint that ssh-keygen prints, even if options precede the key", () => {
    const print = fingerprintOf(`ssh-ed25519 ${blob} a b`);
    expect(print).toMatch(/^SHA256:[A-Za-z0-9+/]{43}$/);
    expect(fingerprintOf(`restrict,command="x y" ssh-ed25519 ${blob}`)).toBe(print);
    expect([fingerprintOf(`# ssh-ed25519 ${blob}`), fingerprintOf("nonsense")]).toEqual([
      undefined,
      undefined,
    ]);
  });

  test("is found in all files that sshd is configured to read", () => {
    const { host } = world({
      "etc/ssh/sshd_config":
        "AuthorizedKeysFile .ssh/authorized_keys /etc/keys/%u /etc/all\nMatch User a\n  authorizedkeysfile none\n",
      "etc/ssh/sshd_config.d/a.conf": "AuthorizedKeysFile %h/keys\n",
    });
    expect(keyFilePatterns(host)).toEqual([
      ".ssh/authorized_keys",
      ".ssh/authorized_keys2",
      "/etc/keys/%u",
      "%h/keys",
    ]);
  });
});
