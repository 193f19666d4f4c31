/**
 * `changed.ts BASE` chooses the tests that a change can affect. It prints the arguments for scripts/test.sh, one per
 * line. If the change affects no test on real hosts, it prints nothing.
 */
import { execFileSync } from "node:child_process";
import { globSync } from "node:fs";
import { join } from "node:path";
import { affectedBy, hostsFiles } from "./affected.ts";

const root = join(import.meta.dirname, "..");

function git(...args: readonly string[]): string {
  return execFileSync("git", args, { cwd: root, encoding: "utf8" });
}

/** Returns all paths that differ from the merge base, including uncommitted changes, new files and removed files. */
function changedSince(base: string): string[] {
  const from = git("merge-base", base, "HEAD").trim();
  const lists = [
    git("diff", "--name-only", "--no-renames", "-z", from),
    git("ls-files", "--others", "--exclude-standard", "-z"),
  ];
  return lists.flatMap((list) => list.split("\0").filter((path) => path !== ""));
}

/**
 * Returns the folders of tests without hosts. These tests always run, because they take only seconds, and because they
 * also read files that they do not import.
 */
function unitFolders(): string[] {
  const paths = globSync("test/*/**/*.test.ts", { cwd: root });
  const folders = new Set(paths.map((path) => path.split("/").slice(0, 2).join("/")));
  folders.delete("test/hosts");
  return [...folders].sort().map((folder) => `${folder}/`);
}

const [, , base = "HEAD"] = process.argv;
const changed = changedSince(base);
const files = await hostsFiles();
const chosen = new Set(changed.flatMap((path) => affectedBy(path, files)));
process.stderr.write(
  `${changed.length} paths differ from ${base}: all tests without hosts, and ${chosen.size} of ${files.length} files on real hosts\n`,
);
if (chosen.size > 0) {
  const lines = [...unitFolders(), ...[...chosen].map(({ path }) => path).sort()];
  process.stdout.write(`${lines.join("\n")}\n`);
}
