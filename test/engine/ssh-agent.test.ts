import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, expect, onTestFinished, test } from "vitest";
import { withSshAgent } from "../../src/engine/ssh-agent.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "muster-keys-"));
  onTestFinished(() => rmSync(dir, { recursive: true }));
});

function run(program: string, keys: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const own: NodeJS.ProcessEnv = { PATH: process.env["PATH"], ...env };
  const { file, args } = withSshAgent({ file: "/bin/sh", args: ["sh", "-c", program] }, keys, own);
  const [argv0, ...rest] = args;
  return spawnSync(file, rest, { argv0, env: own, encoding: "utf8" });
}

test("the engine's ssh-agent has the keys of droplets", () => {
  const key = join(dir, "deploy key");
  spawnSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "deploy", "-f", key]);
  // The agent ends a few seconds later, when it notices that its program has ended.
  const { stdout, status } = run("ssh-add -l; exit 3", [key]);
  expect({ stdout, status }).toEqual({
    status: 3,
    stdout: expect.stringMatching(/^256 SHA256:\S+ deploy \S+\n$/),
  });
});

test("Muster's own ssh uses the user's ssh-agent, and no second ssh-agent is started if there are no keys", () => {
  const print = 'echo "$MUSTER_SSH_AUTH_SOCK|$SSH_AUTH_SOCK"';
  const lent = run(print, [join(dir, "no-key")], { SSH_AUTH_SOCK: "/users/own" });
  expect(lent.stdout).toMatch(/^\/users\/own\|\/tmp\/ssh-/);
  expect(lent.stderr).toContain("no-key");
  expect(run(print, [], { SSH_AUTH_SOCK: "/users/own" }).stdout).toBe("|/users/own\n");
});
