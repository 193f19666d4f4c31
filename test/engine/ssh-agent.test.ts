import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, expect, onTestFinished, test } from "vitest";
import { lendingKeys } from "../../src/engine/ssh-agent.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "muster-keys-"));
  onTestFinished(() => rmSync(dir, { recursive: true }));
});

function run(program: string, keys: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const own: NodeJS.ProcessEnv = { PATH: process.env["PATH"], ...env };
  const { file, args } = lendingKeys({ file: "/bin/sh", args: ["sh", "-c", program] }, keys, own);
  const [argv0, ...rest] = args;
  return spawnSync(file, rest, { argv0, env: own, encoding: "utf8" });
}

test("the engine's agent has the keys that fleet.yaml names for droplets", () => {
  const key = join(dir, "deploy key");
  spawnSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "deploy", "-f", key]);
  // It looks every few seconds whether who it was started for is still there.
  const { stdout, status } = run("ssh-add -l; exit 3", [key]);
  expect({ stdout, status }).toEqual({
    status: 3,
    stdout: expect.stringMatching(/^256 SHA256:\S+ deploy \S+\n$/),
  });
});

test("our own ssh is told the user's agent; where no key is lent nothing changes", () => {
  const tell = 'echo "$MUSTER_SSH_AUTH_SOCK|$SSH_AUTH_SOCK"';
  const lent = run(tell, [join(dir, "no-key")], { SSH_AUTH_SOCK: "/users/own" });
  expect(lent.stdout).toMatch(/^\/users\/own\|\/tmp\/ssh-/);
  expect(lent.stderr).toContain("no-key");
  expect(run(tell, [], { SSH_AUTH_SOCK: "/users/own" }).stdout).toBe("|/users/own\n");
});
