import { readlinkSync, realpathSync, statSync } from "node:fs";
import { posix } from "node:path";
import { MusterError } from "../../base/errors.ts";
import type { ProgramItem, Refusal } from "../../model/items.ts";
import { asUser } from "../accounts/as-user.ts";
import type { RequestContext } from "../request-context.ts";
import { hasCode } from "../system/error-reason.ts";
import { interpreterOf } from "../system/interpreter.ts";
import type { Kind } from "./kind.ts";
import { orUnknown } from "./observe-as-user.ts";

/** A program that must exist on the host, with its interpreter. Muster does not install it. */
export const program: Kind<ProgramItem> = {
  observe: (context, targets) =>
    targets.map(({ item }) =>
      orUnknown(() => {
        const refusal = refusalOf(context, item);
        return refusal === undefined ? { props: { found: true } } : { props: { found: false }, refusal };
      }),
    ),
  converge: (context, { item }) => {
    const refusal = refusalOf(context, item);
    if (refusal !== undefined) throw new MusterError({ what: `${item.name} cannot be started`, ...refusal });
  },
  remove: () => [],
  isCheck: true,
};

/** Returns why the unit cannot start its program; undefined if the unit can start it. */
function refusalOf({ accounts }: RequestContext, item: ProgramItem): Required<Refusal> | undefined {
  return asUser(
    accounts.users.get(item.actor),
    () => workdirRefusal(item) ?? programRefusal(item, item.name, MOST_SCRIPTS) ?? argumentRefusal(item),
  );
}

/** The maximum number of interpreters that are scripts themselves; see execve(2). */
const MOST_SCRIPTS = 4;

/** Checks a working directory outside the home. Muster creates a working directory inside the home. */
function workdirRefusal({ workdir, home, actor }: ProgramItem): Required<Refusal> | undefined {
  if (home === undefined || isWithin(home, workdir)) return undefined;
  const next = `Create the folder on the host for ${actor}, or correct \`workdir\` of the agent.`;
  try {
    // This path exists only if the working directory is a folder that the user is allowed to enter.
    statSync(`${workdir}/.`);
    return undefined;
  } catch (error) {
    if (hasCode(error, "ENOENT")) return { why: `its working directory ${workdir} does not exist.`, next };
    if (hasCode(error, "ENOTDIR")) return { why: `its working directory ${workdir} is not a folder.`, next };
    if (hasCode(error, "EACCES"))
      return { why: `${actor} is not allowed to enter its working directory ${workdir}.`, next };
    throw error;
  }
}

/** Checks a program and then its interpreter. @param name a name in PATH, or a path */
function programRefusal(item: ProgramItem, name: string, depth: number): Required<Refusal> | undefined {
  const path = findProgram(item, name);
  if (path === undefined) return missing(item, name);
  const unseen = unseenOn(item, path);
  if (unseen !== undefined) return notSeen(item, path, unseen);
  return depth === 0 ? undefined : interpreterRefusal(item, path, depth);
}

function interpreterRefusal(item: ProgramItem, path: string, depth: number): Required<Refusal> | undefined {
  const needed = interpreterOf(path);
  if (needed === undefined) return undefined;
  if ("carriageReturn" in needed)
    return {
      why: `the first line of ${path} ends in a carriage return, so the kernel does not find its interpreter.`,
      next: `Write the file with Unix line ends, for example with \`sed -i 's/\\r$//' ${path}\`.`,
    };
  const names = "name" in needed ? [needed.path, needed.name] : [needed.path];
  for (const name of names) {
    const refusal = programRefusal(item, name, depth - 1);
    if (refusal !== undefined) return { ...refusal, why: `${path} needs ${name} to run, and ${refusal.why}` };
  }
  return undefined;
}

/**
 * Checks a script that the program gets as its first argument. Does not check the other arguments, which can be any
 * text.
 */
function argumentRefusal(item: ProgramItem): Required<Refusal> | undefined {
  const { argument } = item;
  if (argument === undefined || !isFile(argument)) return undefined;
  const unseen = unseenOn(item, argument);
  return unseen === undefined ? undefined : notSeen(item, argument, unseen);
}

/**
 * Finds a program as the agent's user, by the rules of execvp(3): a name with a `/` is a path, and any other
 * name is looked up in PATH.
 */
function findProgram({ search, workdir }: ProgramItem, name: string): string | undefined {
  const folders = name.includes("/") ? [""] : search.split(":");
  return folders.map((folder) => posix.resolve(workdir, folder, name)).find(isProgram);
}

function isProgram(path: string): boolean {
  return (modeOfFile(path) & 0o111) !== 0;
}

function isFile(path: string): boolean {
  return modeOfFile(path) !== 0;
}

/** Returns the mode of a file; 0 if there is no file. */
function modeOfFile(path: string): number {
  try {
    const stats = statSync(path);
    return stats.isFile() ? stats.mode : 0;
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENOTDIR", "EACCES", "ELOOP", "ENAMETOOLONG")) return 0;
    throw error;
  }
}

/**
 * Returns the first of these paths that the unit does not see: the given path, the targets of its links, and the file.
 */
function unseenOn(item: ProgramItem, path: string): string | undefined {
  const { home, workdir, hidden = "" } = item;
  const seen = [workdir, ...(home === undefined ? [] : [home])];
  const folders = hidden.split(":").filter((folder) => folder !== "");
  return linksTo(path).find(
    (one) => folders.some((folder) => isWithin(folder, one)) && !seen.some((folder) => isWithin(folder, one)),
  );
}

/** Returns a path, the targets of its links, and the file itself. */
function linksTo(path: string): string[] {
  const paths = [path];
  for (let at = path; paths.length < 40; paths.push(at)) {
    try {
      at = posix.resolve(realpathSync(posix.dirname(at)), readlinkSync(at));
    } catch {
      break;
    }
  }
  return [...paths, realpathSync(path)];
}

function isWithin(folder: string, path: string): boolean {
  return `${path}/`.startsWith(`${folder}/`);
}

function notSeen({ home = "" }: ProgramItem, path: string, unseen: string): Required<Refusal> {
  const place = unseen === path ? unseen : `${path}, which leads to ${unseen},`;
  return {
    why: `the agent's unit does not see ${place} because other homes and temporary files are hidden from it.`,
    next: `Install it outside of other homes, for example in /usr/local or ${home}.`,
  };
}

function missing({ search, workdir, actor }: ProgramItem, name: string): Required<Refusal> {
  const where = name.includes("/")
    ? `at ${posix.resolve(workdir, name)}`
    : `in any folder of its PATH, ${search}`;
  return {
    why: `${actor} finds no program ${name} ${where}.`,
    next: "Install it on the host, or correct `command`, `runtime` or `env.PATH` of the agent.",
  };
}
