import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { open } from "../../src/transport/start-remote-program.ts";
import { keysKnownToUser } from "../../src/transport/user-known-hosts.ts";
import { SOME_KEY, targetOf } from "../fixtures/target.ts";

const TARGET = targetOf({ address: "box" });

/**
 * Puts a fake `ssh` in PATH. The fake prints these settings, with a known_hosts file that has these lines. The fake
 * refuses each connection because of the host's key.
 *
 * @returns a function that returns the arguments of the last connection, and the known_hosts file that the fake
 * received
 */
function fakeSsh(settings: string, ...lines: string[]): () => string {
  const dir = mkdtempSync(join(tmpdir(), "muster-known-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  writeFileSync(join(dir, "known_hosts"), lines.map((line) => `${line}\n`).join(""));
  writeFileSync(
    join(dir, "ssh"),
    `#!/bin/sh
case $1 in -G) printf '%s\\n' 'userknownhostsfile ${dir}/known_hosts /none' 'globalknownhostsfile none' ${settings}; exit;; esac
for word; do
  case $word in UserKnownHostsFile=*) file=\${word#*=}; file=\${file#?}; cat "\${file%?}" >'${dir}/seen';; esac
done
echo "$@" >>'${dir}/seen'
echo 'Host key for hub has changed and you have requested strict checking.' >&2
exit 255
`,
  );
  chmodSync(join(dir, "ssh"), 0o755);
  vi.stubEnv("PATH", `${dir}:${process.env["PATH"]}`);
  onTestFinished(() => void vi.unstubAllEnvs());
  return () => readFileSync(join(dir, "seen"), "utf8");
}

const BOX = "'hostname 192.0.2.7' 'port 22'";

test.each([
  ["its address", BOX, "192.0.2.7"],
  ["its address and port", "'hostname 192.0.2.7' 'port 2222'", "[192.0.2.7]:2222"],
  ["its alias", "'hostname 192.0.2.7' 'port 2222' 'hostkeyalias box'", "box"],
])("the keys that a person's ssh knows for a host are found by %s", async (_, settings, name) => {
  fakeSsh(settings, `${name} ${SOME_KEY}`);
  expect(await keysKnownToUser(TARGET)).toEqual([SOME_KEY]);
});

test("keys of other hosts, authorities and revoked keys do not count", async () => {
  fakeSsh(BOX, `192.0.2.8 ${SOME_KEY}`, `@revoked 192.0.2.7 ${SOME_KEY}`, `@cert-authority * ${SOME_KEY}`);
  expect(await keysKnownToUser(TARGET)).toEqual([]);
});

test("on first contact, a host must have the key that the person's ssh knows, and no other key is learned", async () => {
  const seen = fakeSsh(BOX, `192.0.2.7 ${SOME_KEY}`);
  const learned: string[][] = [];
  const contact = open(TARGET, "look", { learnHostKey: (keys) => void learned.push(keys) });
  await expect(contact).rejects.toThrow("its host key is not the one in your known_hosts");
  expect(seen()).toContain(`hub ${SOME_KEY}\n`);
  expect(seen()).toContain("StrictHostKeyChecking=yes");
  expect(learned).toEqual([]);
});
