import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { commitSource } from "../../src/provider/commit-source.ts";

function project() {
  const dir = mkdtempSync(join(tmpdir(), "muster-commits-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const git = (...args: readonly string[]) =>
    execFileSync(
      "git",
      ["-C", join(dir, "code"), "-c", "user.name=a", "-c", "user.email=a@example.org", ...args],
      {
        encoding: "utf8",
      },
    ).trim();
  mkdirSync(join(dir, "code"));
  git("init", "-q");
  writeFileSync(join(dir, "code/a"), "a\n");
  git("add", "a");
  git("commit", "-qm", "a");
  return { dir, git, commit: git("rev-parse", "HEAD") };
}

test("packs a commit with all of its objects into a temporary file", () => {
  const { dir, commit } = project();
  const { file, integrity, remove } = commitSource(dir).pack("code", commit);
  execFileSync("git", ["init", "-q", "--bare", join(dir, "other")]);
  execFileSync("git", ["-C", join(dir, "other"), "index-pack", "--stdin"], {
    input: readFileSync(file),
    stdio: "pipe",
  });
  const shown = execFileSync("git", ["-C", join(dir, "other"), "show", `${commit}:a`], { encoding: "utf8" });
  expect(shown).toBe("a\n");
  expect(integrity).toMatch(/^sha512-[A-Za-z0-9+/]{86}==$/);
  remove();
  expect(existsSync(file)).toBe(false);
});

test("names the commit and the folder if the repository does not have the commit", () => {
  const { dir } = project();
  expect(() => commitSource(dir).pack("code", "0".repeat(40))).toThrow(/the commit 000000000000 of .*code/);
});
