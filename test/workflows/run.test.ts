import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { packageRoot } from "../../src/base/muster-folders.ts";
import { makeSandbox, type Sandbox } from "../cli/support/sandbox.ts";

/**
 * Returns the script of a workflow step. The tests run it as CI does: with `bash -e` and secrets in the environment.
 */
const step = (workflow: string, name: string): string => {
  const text = readFileSync(join(packageRoot(), "templates/workflows", `${workflow}.yaml`), "utf8");
  const { jobs } = parse(text) as {
    jobs: Record<string, { steps: { name?: string; run?: string }[] }>;
  };
  const steps = Object.values(jobs).flatMap((job) => job.steps);
  return steps.find((one) => one.name === name)?.run ?? "exit 99";
};

const KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\nline\n-----END OPENSSH PRIVATE KEY-----";

let sandbox: Sandbox;

beforeEach(() => {
  sandbox = makeSandbox();
  return () => sandbox.remove();
});

afterEach(() => expect(existsSync(join(sandbox.dir, "hooked"))).toBe(false));

function bash(script: string, env: Readonly<Record<string, string>> = {}) {
  return execa("bash", ["-e", "-c", script], { cwd: sandbox.dir, env, reject: false, all: true });
}

describe("the workflow's merge of a pull request", () => {
  const git = (dir: string, ...args: string[]) =>
    execa("git", ["-c", "user.name=t", "-c", "user.email=t@example.org", ...args], { cwd: dir });

  /** Creates a base branch that is newer than the pull request, and the two checkouts of a CI job. */
  async function checkouts(theirs: string): Promise<string> {
    const origin = join(sandbox.dir, "origin");
    mkdirSync(origin);
    const commit = async (file: string, text: string) => {
      writeFileSync(join(origin, file), text);
      await git(origin, "add", ".");
      await git(origin, "commit", "-qm", file);
    };
    await git(origin, "init", "-q", "-b", "main");
    await commit("fleet.yaml", "one\n");
    await git(origin, "checkout", "-qb", "change");
    await commit(theirs, "theirs\n");
    await git(origin, "checkout", "-q", "main");
    await commit("base.md", "newer\n");
    await git(sandbox.dir, "clone", "-q", "--depth", "1", `file://${origin}`, "fleet");
    await git(sandbox.dir, "clone", "-q", "-b", "change", origin, "change");
    return join(sandbox.dir, "change");
  }

  test("contains the newer files of the base branch and the files of the pull request", async () => {
    const change = await checkouts("theirs.md");
    expect((await bash(step("change", "The pull request as it would be merged"))).exitCode).toBe(0);
    const read = (file: string) => readFileSync(join(change, file), "utf8");
    expect([read("base.md"), read("theirs.md"), read("fleet.yaml")]).toEqual([
      "newer\n",
      "theirs\n",
      "one\n",
    ]);
  });

  test("fails the workflow job if there is a conflict", async () => {
    await checkouts("base.md");
    expect((await bash(step("change", "The pull request as it would be merged"))).exitCode).not.toBe(0);
  });

  test("starts no program from the pull request", async () => {
    const change = await checkouts(".gitattributes");
    const origin = join(sandbox.dir, "origin");
    await git(origin, "checkout", "-q", "change");
    const hook = "#!/bin/sh\ntouch ../hooked\n";
    for (const name of ["post-merge", "pre-merge-commit", "post-checkout"]) {
      mkdirSync(join(origin, ".git-hooks"), { recursive: true });
      writeFileSync(join(origin, ".git-hooks", name), hook, { mode: 0o755 });
    }
    writeFileSync(join(origin, ".gitattributes"), "* filter=own merge=own diff=own\n");
    writeFileSync(join(origin, ".gitconfig"), "[core]\nhooksPath = .git-hooks\n");
    await git(origin, "add", ".");
    await git(origin, "commit", "-qm", "hooks");
    await git(change, "pull", "-q");
    expect((await bash(step("change", "The pull request as it would be merged"))).exitCode).toBe(0);
  });
});

describe.each([
  ["drift", "fleet ci issue", "ci issue --reader ci --key"],
  ["change", "fleet ci comment", "ci comment ../change --reader ci --key"],
])("the step of the workflow %s that uses the key", (workflow, name, called) => {
  test("passes the key in a file that no other user can read, and not in the environment", async () => {
    const bin = join(sandbox.dir, "bin");
    mkdirSync(bin);
    writeFileSync(join(bin, "npx"), '#!/bin/sh\nshift\necho "$@"\nenv\n');
    chmodSync(join(bin, "npx"), 0o755);
    const env = { PATH: `${bin}:${process.env["PATH"]}`, RUNNER_TEMP: sandbox.dir, FLEET_READER_KEY: KEY };
    const { stdout, exitCode } = await bash(step(workflow, name), env);
    const file = join(sandbox.dir, "reader");
    expect([exitCode, stdout.split("\n")[0]]).toEqual([0, `${called} ${file}`]);
    expect([readFileSync(file, "utf8"), statSync(file).mode & 0o777]).toEqual([`${KEY}\n`, 0o600]);
    expect(stdout).not.toContain("PRIVATE KEY");
  });
});
