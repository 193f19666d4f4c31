import { relative } from "node:path";
import { isRemote } from "../../model/repository.ts";
import { runGit } from "../git.ts";
import type { Lint, Remark } from "./lint.ts";

/**
 * An error if the declared revision of an agent's repository tracks a file of its identity: every reset would overwrite
 * the file. For a URL, the host finds this before it changes anything.
 */
export const trackedIdentity: Lint = (fleet) =>
  Object.values(fleet.agents).flatMap(({ name, home, identity, repository }): Remark[] => {
    if (repository === undefined || isRemote(repository.from)) return [];
    const { from, revision, folder, source } = repository;
    const files = Object.keys(fleet.identities[identity]?.files ?? {})
      .map((file) => relative(folder, `${home}/${file}`))
      .filter((file) => !file.startsWith(".."));
    if (files.length === 0) return [];
    const { stdout } = runGit(source, [
      "ls-tree",
      "-r",
      "-z",
      "--full-tree",
      "--name-only",
      revision,
      "--",
      ...files,
    ]);
    return stdout
      .split("\0")
      .filter(Boolean)
      .map((file) => ({
        keys: ["agents", name, "repository"],
        sentence: `tracks ${file}, which is a file of ${name}'s identity: every reset would overwrite it. Untrack it with \`git -C ${from} rm --cached ${file}\`, add it to .gitignore, commit, and declare the new revision`,
      }));
  });
