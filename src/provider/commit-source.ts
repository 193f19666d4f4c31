import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { closeSync, mkdtempSync, openSync, readSync, rmSync, statSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { MusterError } from "../base/errors.ts";
import type { CommitSource } from "./context.ts";

/** The maximum size in bytes of the objects of a commit. A larger repository must be fetched from a URL. */
const MOST = 1024 * 1024 * 1024;

/** Packs commits of repositories on this machine. @param project the folder to which relative paths refer */
export function commitSource(project: string): CommitSource {
  return {
    pack(from, revision) {
      const folder = from.startsWith("~/") ? join(homedir(), from.slice(2)) : resolve(project, from);
      const temporary = mkdtempSync(join(tmpdir(), "muster-commit-"));
      const file = join(temporary, "pack");
      const remove = () => rmSync(temporary, { recursive: true, force: true });
      try {
        writePack(folder, revision, file);
        if (statSync(file).size > MOST) throw tooLarge(from);
        return { file, integrity: `sha512-${digestOf(file)}`, remove };
      } catch (error) {
        remove();
        throw error;
      }
    },
  };
}

const PACK = ["pack-objects", "--revs", "--stdout", "--quiet"];

/** Writes all objects of a commit and its history into one file. */
function writePack(folder: string, revision: string, file: string): void {
  const fd = openSync(file, "wx", 0o600);
  try {
    const done = spawnSync("git", ["-C", folder, "-c", "protocol.allow=never", ...PACK], {
      input: `${revision}\n`,
      stdio: ["pipe", fd, "pipe"],
      env: { ...process.env, GIT_TERMINAL_PROMPT: "0", LC_ALL: "C" },
    });
    if (done.status === 0) return;
    const why = done.error?.message ?? done.stderr.toString("utf8").trim().split("\n").at(-1) ?? "";
    throw new MusterError({ what: `the commit ${revision.slice(0, 12)} of ${folder}`, why });
  } finally {
    closeSync(fd);
  }
}

function digestOf(file: string): string {
  const sum = createHash("sha512");
  const fd = openSync(file, "r");
  try {
    const part = Buffer.alloc(1024 * 1024);
    for (let got = readSync(fd, part); got > 0; got = readSync(fd, part)) sum.update(part.subarray(0, got));
    return sum.digest("base64");
  } finally {
    closeSync(fd);
  }
}

function tooLarge(from: string): MusterError {
  return new MusterError({
    what: from,
    why: "with its history, the commit is larger than 1 GB.",
    next: "Declare the URL of the repository in `from`, so that hosts fetch it themselves.",
  });
}
