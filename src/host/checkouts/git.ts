import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { MusterError } from "../../base/errors.ts";
import type { Account } from "../accounts/read-accounts.ts";
import type { Host } from "../context.ts";
import type { ProgramResult } from "../system/run-program.ts";

/**
 * The configuration of every git process. git reads it from a folder of Muster instead of the folder `.git` of the
 * checkout, so no setting, hook, filter or attribute driver of the checkout applies. A list of forbidden settings would
 * be incomplete with the next version of git.
 */
const CONFIG = `[core]
	repositoryformatversion = 0
	bare = false
	hooksPath = /dev/null
	fsmonitor = false
	attributesFile = /dev/null
	excludesFile = /dev/null
	commitGraph = false
	multiPackIndex = false
	untrackedCache = false
[gc]
	auto = 0
[maintenance]
	auto = false
[fetch]
	unpackLimit = 1
	recurseSubmodules = false
[submodule]
	recurse = false
[protocol]
	allow = never
[protocol "https"]
	allow = always
[protocol "http"]
	allow = always
[protocol "git"]
	allow = always
[protocol "ssh"]
	allow = always
`;

/** Nothing outside the configuration above is read, and no program of the user is started. */
const ENVIRONMENT = {
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_CONFIG_SYSTEM: "/dev/null",
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_ATTR_NOSYSTEM: "1",
  GIT_NO_REPLACE_OBJECTS: "1",
  GIT_OPTIONAL_LOCKS: "0",
  GIT_TERMINAL_PROMPT: "0",
  GIT_ASKPASS: "/bin/false",
  GIT_SSH_COMMAND: "ssh -F /dev/null -o BatchMode=yes",
  GIT_AUTHOR_NAME: "muster",
  GIT_AUTHOR_EMAIL: "muster@localhost",
  GIT_COMMITTER_NAME: "muster",
  GIT_COMMITTER_EMAIL: "muster@localhost",
  HOME: "/nonexistent",
  XDG_CONFIG_HOME: "/nonexistent",
};

/** Runs git as one user on one checkout. */
export interface Git {
  /** Returns git's output. @throws MusterError with git's last line if git fails */
  (args: readonly string[], options?: GitOptions): string;
  /** Like the call, but returns the result also if git fails. */
  attempt(args: readonly string[], options?: GitOptions): ProgramResult;
}

export interface GitOptions {
  readonly input?: string;
  readonly stdin?: number;
  /** The path of the index; by default the index in the folder with Muster's configuration. */
  readonly index?: string;
  /** A descriptor that git gets as its descriptor 3. */
  readonly descriptor?: number;
  /** A folder with more objects, such as that of the checkout. */
  readonly alternate?: string;
  /** Seconds; 60 by default. */
  readonly timeout?: number;
}

/**
 * Returns a function that runs git.
 *
 * @param settings the folder that `makeSettings` has made. git uses it instead of the folder `.git` of the checkout
 * @param folder the checkout
 */
export function gitFor(host: Host, account: Account, settings: string, folder: string): Git {
  const attempt = (args: readonly string[], options: GitOptions = {}) => {
    const { index, alternate, descriptor, ...rest } = options;
    return host.run("git", ["-C", folder, ...args], {
      ...rest,
      as: account,
      ...(descriptor !== undefined && { descriptors: [descriptor] }),
      env: {
        ...ENVIRONMENT,
        GIT_DIR: settings,
        GIT_WORK_TREE: folder,
        GIT_INDEX_FILE: index ?? `${settings}/index`,
        ...(alternate !== undefined && { GIT_ALTERNATE_OBJECT_DIRECTORIES: alternate }),
      },
    });
  };
  const run = (args: readonly string[], options?: GitOptions) => {
    const result = attempt(args, options);
    if (result.status === 0) return result.stdout;
    const line = result.stderr.trim().split("\n").at(-1) ?? "";
    throw new MusterError({
      what: `git ${args[0]} in ${folder}`,
      why: line || `it ended with ${result.status}`,
    });
  };
  return Object.assign(run, { attempt });
}

/** Makes an empty git folder with Muster's configuration. @throws if the folder exists */
export function makeSettings(folder: string): void {
  mkdirSync(folder, { mode: 0o755 });
  for (const name of ["objects", "objects/pack", "refs"]) mkdirSync(`${folder}/${name}`);
  writeFileSync(`${folder}/HEAD`, "ref: refs/heads/none\n");
  writeFileSync(`${folder}/config`, CONFIG);
  // The process can have a strict umask, and git runs as another user.
  for (const name of ["", "objects", "objects/pack", "refs"]) chmodSync(`${folder}/${name}`, 0o755);
  for (const name of ["HEAD", "config"]) chmodSync(`${folder}/${name}`, 0o644);
}

/** Splits output that ends each name with NUL. */
export function names(output: string): string[] {
  return output.split("\0").filter((name) => name !== "");
}
