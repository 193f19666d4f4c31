import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { broken, check, lines, useFolder } from "./support/folder.ts";

const folder = useFolder();
let commit = "";

const git = (...args: readonly string[]) => {
  const options = [
    "-C",
    join(folder.path, "code"),
    "-c",
    "user.name=arc",
    "-c",
    "user.email=arc@example.org",
  ];
  return execFileSync("git", [...options, ...args], { encoding: "utf8" }).trim();
};
const withRevision = (revision: string, more = "") =>
  check(
    folder,
    broken(
      "routesTo: [loom]",
      `routesTo: [loom], workdir: work, repository: {from: code, revision: ${revision}${more}}`,
    ),
  );

beforeAll(() => {
  mkdirSync(join(folder.path, "code"), { recursive: true });
  git("init", "-q", "-b", "main");
  writeFileSync(join(folder.path, "code/SOUL.md"), "# Arc\n");
  git("add", "-A");
  git("commit", "-qm", "one");
  git("tag", "v1");
  commit = git("rev-parse", "HEAD");
});

test.each(["main", "v1", "HEAD", "the commit"])(
  "the revision %s of a folder becomes a commit",
  (revision) => {
    const { fleet } = withRevision(revision === "the commit" ? commit : revision);
    expect(fleet?.agents["iris"]?.repository).toMatchObject({
      ...{ from: "code", revision: commit, folder: "/home/iris/work", restarts: { iris: ["**"] } },
    });
  },
);

test("an unknown revision of a folder is an error", () => {
  expect(lines(withRevision("mian").problems)).toEqual([
    "fleet.yaml:18:127 agents.iris.repository.revision: is not a branch, a tag or a commit of code",
  ]);
});

test("a revision that tracks a file of the identity is an error that says how to untrack it", () => {
  const { problems } = check(
    folder,
    broken(
      "routesTo: [loom]",
      "routesTo: [loom], repository: {from: code, revision: main, path: work}",
    ).replace("iris: {soul: SOUL.md}", "iris: {soul: SOUL.md, files: {work/SOUL.md: {text: x}}}"),
  );
  expect(lines(problems).join("\n")).toMatch(
    /agents\.iris\.repository: tracks SOUL\.md, which is a file of iris's identity.*`git -C code rm --cached SOUL\.md`/,
  );
});

test("a repository with a hostile configuration runs no program", () => {
  const mark = join(folder.path, "ran");
  writeFileSync(join(folder.path, "evil.sh"), `#!/bin/sh\ntouch ${mark}\n`, { mode: 0o755 });
  git("clone", "-q", "--bare", ".", "../evil");
  const evil = (...args: readonly string[]) =>
    execFileSync("git", ["-C", join(folder.path, "evil"), ...args]);
  evil("config", "core.repositoryFormatVersion", "1");
  evil("config", "core.fsmonitor", join(folder.path, "evil.sh"));
  evil("config", "core.sshCommand", join(folder.path, "evil.sh"));
  evil("config", "remote.origin.url", "ssh://example.org/x");
  evil("config", "remote.origin.promisor", "true");
  evil("config", "extensions.partialClone", "origin");
  check(
    folder,
    broken(
      "routesTo: [loom]",
      `routesTo: [loom], workdir: work, repository: {from: evil, revision: ${"abcdef0123".repeat(4)}}`,
    ),
  );
  expect(existsSync(mark)).toBe(false);
});
