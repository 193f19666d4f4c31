import { readdirSync } from "node:fs";
import { dirname } from "node:path";
import { isFolder, statOf } from "./agent-files.ts";
import type { Git } from "./git.ts";
import { names } from "./git.ts";

/** The differences between the checkout and the revision to which it is reset. */
export interface Differences {
  /** The tracked files that a reset writes. */
  readonly toWrite: readonly string[];
  /** The files of the former revision that a reset deletes. */
  readonly toDelete: readonly string[];
  /** The files among them, and in their place, that the agent has changed or created. */
  readonly local: readonly string[];
}

/** What is compared: the lists are paths relative to the checkout. */
export interface Lists {
  readonly wanted: ReadonlySet<string>;
  readonly differing: readonly string[];
  readonly former: ReadonlySet<string>;
  readonly changed: ReadonlySet<string>;
  readonly keep: ReadonlySet<string>;
}

/** Decides what a reset writes, deletes, and first keeps on a branch. Must be called with the agent's rights. */
export function differences(
  folder: string,
  { wanted, differing, former, changed, keep }: Lists,
): Differences {
  const toDelete = [...former].filter(
    (path) => !wanted.has(path) && !keep.has(path) && isFile(`${folder}/${path}`),
  );
  const isLocal = (path: string) => changed.has(path) || !former.has(path);
  const local = new Set([
    ...differing.filter((path) => isLocal(path)).flatMap((path) => filesAt(folder, path)),
    ...differing.flatMap((path) => fileAbove(folder, path)).filter(isLocal),
    ...toDelete.filter((path) => changed.has(path)),
  ]);
  return {
    toWrite: differing,
    toDelete,
    local: [...local].filter((path) => !keep.has(path) && hasContent(`${folder}/${path}`)),
  };
}

/**
 * Commits local files on top of the commit that was checked out, without a change of the checkout or of its index.
 *
 * @param parent the commit that was checked out; undefined if its objects are missing
 * @returns the commit
 */
export function commitLocalWork(
  git: Git,
  local: readonly string[],
  parent: string | undefined,
  { index, alternate }: { readonly index: string; readonly alternate: string },
): string {
  const options = { index, alternate };
  git(parent === undefined ? ["read-tree", "--empty"] : ["read-tree", parent], options);
  git(["update-index", "--add", "--remove", "--replace", "-z", "--stdin"], {
    ...options,
    input: local.join("\0"),
  });
  const tree = git(["write-tree", "--missing-ok"], options).trim();
  const parents = parent === undefined ? [] : ["-p", parent];
  return git(["commit-tree", tree, ...parents, "-m", "Local work before a reset by Muster"], options).trim();
}

/** Whether the objects of a commit are complete enough to build on it. */
export function isCommit(git: Git, commit: string, alternate: string): boolean {
  return git.attempt(["cat-file", "-e", `${commit}^{tree}`], { alternate }).status === 0;
}

export function isAncestor(git: Git, commit: string, of: string, alternate: string): boolean {
  return git.attempt(["merge-base", "--is-ancestor", commit, of], { alternate }).status === 0;
}

/** Returns the paths of the files in an index. */
export function filesIn(git: Git, index: string, ...options: readonly string[]): Set<string> {
  return new Set(names(git(["ls-files", "-z", ...options], { index })));
}

function isFile(path: string): boolean {
  const stats = statOf(path);
  return stats !== undefined && !stats.isDirectory();
}

/** Whether a file can be kept on a branch: a FIFO or a socket cannot, and a deleted file must not. */
function hasContent(path: string): boolean {
  const stats = statOf(path);
  return stats !== undefined && (stats.isFile() || stats.isSymbolicLink());
}

/** Returns the file at a path, or all files of the folder at this path. */
function filesAt(folder: string, path: string): string[] {
  if (isFile(`${folder}/${path}`)) return [path];
  if (!isFolder(`${folder}/${path}`)) return [];
  return readdirSync(`${folder}/${path}`).flatMap((name) => filesAt(folder, `${path}/${name}`));
}

/** Returns the file that is in the place of a folder above a path. */
function fileAbove(folder: string, path: string): string[] {
  for (let above = dirname(path); above !== "."; above = dirname(above))
    if (isFile(`${folder}/${above}`)) return [above];
  return [];
}
