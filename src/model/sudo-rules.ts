import { visible } from "../base/terminal-text.ts";
import { isSudoGroup } from "./group-powers.ts";

/** The files of sudoers on a host. */
export interface SudoersFiles {
  /** Returns the text of a file; undefined if the file cannot be read. */
  text(path: string): string | undefined;
  /** Returns the names in a folder, sorted. */
  names(folder: string): readonly string[];
}

/** A rule of sudoers that gives rights to users; see sudoers(5). */
export interface SudoRule {
  /** The line as it is written, but with single spaces. */
  readonly line: string;
  /**
   * The users of the line, with aliases replaced: names, `%group`, `#uid`, `%#gid` or `ALL`. `!` before a user negates
   * it.
   */
  readonly users: readonly string[];
  readonly where: string;
}

/** The user whose rules are searched, with all groups of the user. */
export interface SudoUser {
  readonly name: string;
  readonly uid: number;
  readonly groups: readonly { readonly name: string; readonly gid: number | undefined }[];
}

/** The maximum number of files to read. A limit is necessary because files can include each other. */
const MAX_FILES = 200;

/**
 * Reads all rules of sudoers, including rules in included files and folders.
 *
 * @param etc the folder that is `/etc` on the host
 */
export function readSudoRules(files: SudoersFiles, etc = "/etc"): SudoRule[] {
  const lines = linesOf(files, etc, [`${etc}/sudoers`]);
  const aliases = new Map(lines.flatMap(({ line }) => aliasesIn(line)));
  return lines.flatMap(({ line, where }): SudoRule[] => {
    const list = RULE.exec(line)?.[1];
    if (list === undefined || NO_RULE.test(line)) return [];
    return [{ line: visible(line), where, users: listed(list).flatMap((one) => withoutAlias(one, aliases)) }];
  });
}

/** Matches the list of users at the start of a rule. Commas separate the users, and a name can be quoted. */
const RULE = /^((?:"[^"]*"|[^\s,=]+)(?:\s*,\s*(?:"[^"]*"|[^\s,=]+))*)\s+.*=/;
const NO_RULE = /^(Defaults|@include|#include|(User|Runas|Host|Cmnd|Cmd)_Alias)/;

/**
 * Returns the rules that give rights to a user. Omits rules for groups such as `sudo`, because membership in these
 * groups is reported separately.
 */
export function sudoRulesOf(rules: readonly SudoRule[], { name, uid, groups }: SudoUser): SudoRule[] {
  const subjects = new Set([
    ...["ALL", name, `#${uid}`],
    ...groups.filter((one) => !isSudoGroup(one.name)).flatMap((one) => [`%${one.name}`, `%#${one.gid}`]),
  ]);
  return rules.filter(({ users }) => {
    const last = users.findLast((one) => subjects.has(one.replace(/^!+/, "")));
    return last !== undefined && !last.startsWith("!");
  });
}

interface Line {
  readonly line: string;
  readonly where: string;
}

function linesOf(
  files: SudoersFiles,
  etc: string,
  [path, ...rest]: readonly string[],
  seen = new Set<string>(),
): Line[] {
  if (path === undefined) return [];
  if (seen.has(path) || seen.size >= MAX_FILES) return linesOf(files, etc, rest, seen);
  seen.add(path);
  const lines = (files.text(path) ?? "").replaceAll(/\\\n/g, " ").split("\n").map(withoutComment);
  const included = lines.flatMap((line) => includedBy(files, etc, line));
  const own = lines.filter((line) => line !== "").map((line) => ({ line, where: path }));
  return [...own, ...linesOf(files, etc, [...included, ...rest], seen)];
}

/** Removes a comment. `#include`, and `#` before the number of a user or group, do not start a comment. */
function withoutComment(line: string): string {
  return line
    .replace(/(^|\s)#(?!include|\d).*$/, "")
    .replaceAll(/\s+/g, " ")
    .trim();
}

function includedBy(files: SudoersFiles, etc: string, line: string): string[] {
  const [, folder, path = ""] = /^[@#]include(dir)?\s+"?([^"]+)"?$/.exec(line) ?? [];
  if (path === "") return [];
  const place = path.startsWith("/etc/") ? `${etc}/${path.slice("/etc/".length)}` : path;
  const absolute = place.startsWith("/") ? place : `${etc}/${place}`;
  if (folder === undefined) return [absolute];
  return files
    .names(absolute)
    .filter((name) => !name.includes(".") && !name.endsWith("~"))
    .map((name) => `${absolute}/${name}`);
}

/** Returns the aliases that a line defines: `User_Alias A = x, y : B = z`. */
function aliasesIn(line: string): [string, string[]][] {
  const text = /^User_Alias\s+(.*)$/.exec(line)?.[1] ?? "";
  return text.split(/\s+:\s+/).flatMap((one): [string, string[]][] => {
    const [, name, list = ""] = /^([A-Z][A-Z0-9_]*)\s*=\s*(.*)$/.exec(one) ?? [];
    return name === undefined ? [] : [[name, listed(list)]];
  });
}

function listed(list: string): string[] {
  return list.split(",").map((one) => one.trim().replaceAll('"', ""));
}

function withoutAlias(user: string, aliases: ReadonlyMap<string, string[]>, depth = 0): string[] {
  const [, not = "", name = ""] = /^(!*)(.*)$/.exec(user) ?? [];
  const members = depth > 10 ? undefined : aliases.get(name);
  if (members === undefined) return [user];
  return members.flatMap((one) => withoutAlias(`${not}${one}`, aliases, depth + 1));
}
