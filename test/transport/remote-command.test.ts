import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { arch, tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { REMOTE_DIRS, type RemoteProgram, remoteCommand } from "../../src/transport/remote-command.ts";

const MACHINE = arch() === "arm64" ? "aarch64" : "x86_64";
const SHELLS = ["sh", "bash", "dash", "fish", "tcsh", "zsh", "ksh"];

let dir: string;
let shells: string[];

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "muster-remote-"));
  const found = await Promise.all(SHELLS.map((shell) => execa("which", [shell], { reject: false })));
  shells = SHELLS.filter((_, at) => found[at]?.exitCode === 0);
  expect(shells).toContain("sh");
});

afterAll(() => rmSync(dir, { recursive: true }));

/** Runs the command in a login shell. `script` is the shell's input over the connection. */
async function run(shell: string, program: RemoteProgram, runtime: string, script: string, path = "") {
  const command = remoteCommand(program, { ...REMOTE_DIRS, runtime });
  const env = { PATH: `${path}:${process.env["PATH"]}` };
  const result = await execa(shell, ["-c", command], { input: script, env, reject: false });
  // The command starts with an empty line in every shell.
  expect(result.stdout).toMatch(/^(\n|$)/);
  return { ...result, stdout: result.stdout.slice(1) };
}

/** Makes a folder for PATH with a sudo, and an id that says that the login is not root. */
function programs(name: string, sudo: string): string {
  const folder = join(dir, name);
  mkdirSync(folder);
  writeFileSync(join(folder, "id"), "#!/bin/sh\necho 1000\n", { mode: 0o755 });
  writeFileSync(join(folder, "sudo"), `#!/bin/sh\n${sudo}\n`, { mode: 0o755 });
  return folder;
}

/** Makes a folder with an installed runtime. */
function installed(name: string): string {
  const folder = join(dir, name);
  mkdirSync(folder);
  writeFileSync(join(folder, "run"), '#!/bin/sh\necho "serving $*"\n', { mode: 0o755 });
  return folder;
}

describe("the remote command in a login shell", () => {
  test("starts the runtime in every shell", async () => {
    const runtime = installed("there");
    const path = programs("root", "exit 9");
    writeFileSync(join(path, "id"), "#!/bin/sh\necho 0\n", { mode: 0o755 });
    for (const shell of shells) {
      expect((await run(shell, "serve", runtime, "", path)).stdout, shell).toBe("serving serve");
    }
  });

  test("prints the architecture and starts a shell if there is no runtime, in every login shell", async () => {
    const path = programs("granted", '[ "$1" = -n ] && shift && exec "$@"');
    for (const shell of shells) {
      const { stdout } = await run(shell, "serve", join(dir, "nowhere"), "echo script runs\n", path);
      expect(stdout.split("\n"), shell).toEqual([`muster-host absent ${MACHINE}`, "script runs"]);
    }
  });

  test("gives a reader neither a shell nor a runtime that can change anything", async () => {
    const nothing = await run("sh", "look", join(dir, "nowhere"), "echo script runs\n");
    expect(nothing.stdout).toBe(`muster-host absent ${MACHINE}`);
    const { stdout } = await run("sh", "look", installed("looked-at"), "", join(dir, "root"));
    expect(stdout).toBe("serving serve --read-only");
  });

  test("uses sudo if the login user is not root", async () => {
    const path = programs("traced", 'echo "sudo $*"; shift; exec "$@"');
    const { stdout } = await run("sh", "serve", installed("sudo-there"), "", path);
    expect(stdout.split("\n")[0]).toMatch(/^sudo -n .*\/run serve$/);
  });

  test("prints only sudo's error if sudo needs a password", async () => {
    const path = programs("denied", "echo 'sudo: a password is required' >&2; exit 1");
    const { stdout, stderr, exitCode } = await run("sh", "shell", join(dir, "nowhere"), "echo no\n", path);
    expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 1 });
    expect(stderr).toContain("a password is required");
  });

  test("is never built from a path with characters that a shell interprets", () => {
    expect(() => remoteCommand("serve", { ...REMOTE_DIRS, runtime: "/lib; reboot" })).toThrow(
      /cannot be used/,
    );
  });
});
