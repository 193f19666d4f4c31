import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { keysKnownToUser } from "../../src/transport/user-known-hosts.ts";
import { SOME_KEY, targetOf } from "../fixtures/target.ts";

/** Lets a fake `ssh` print these settings, with a known_hosts file that has these lines. @returns the known keys */
async function knownWith(settings: string, ...lines: string[]): Promise<string[]> {
  const dir = mkdtempSync(join(tmpdir(), "muster-known-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const file = join(dir, "known_hosts");
  writeFileSync(file, lines.map((line) => `${line}\n`).join(""));
  writeFileSync(
    join(dir, "ssh"),
    `#!/bin/sh\nprintf '%s\\n' 'userknownhostsfile ${file} /none' 'globalknownhostsfile none' ${settings}\n`,
  );
  chmodSync(join(dir, "ssh"), 0o755);
  vi.stubEnv("PATH", `${dir}:${process.env["PATH"]}`);
  onTestFinished(() => void vi.unstubAllEnvs());
  return keysKnownToUser(targetOf({ address: "box" }));
}

test("the keys that a person's ssh knows for a host are read by the name and port that ssh uses", async () => {
  expect(await knownWith("'hostname 192.0.2.7' 'port 22'", `192.0.2.7 ${SOME_KEY}`)).toEqual([SOME_KEY]);
  expect(await knownWith("'hostname 192.0.2.7' 'port 2222'", `[192.0.2.7]:2222 ${SOME_KEY}`)).toEqual([
    SOME_KEY,
  ]);
  expect(await knownWith("'hostname 192.0.2.7' 'port 2222' 'hostkeyalias box'", `box ${SOME_KEY}`)).toEqual([
    SOME_KEY,
  ]);
});

test("keys of other hosts, authorities and revoked keys do not count", async () => {
  const lines = [`192.0.2.8 ${SOME_KEY}`, `@revoked 192.0.2.7 ${SOME_KEY}`, `@cert-authority * ${SOME_KEY}`];
  expect(await knownWith("'hostname 192.0.2.7' 'port 22'", ...lines)).toEqual([]);
});
