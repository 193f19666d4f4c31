import type { Unmanaged } from "../../model/unmanaged.ts";
import type { Host } from "../context.ts";
import { programOf, switchedUser } from "./command.ts";
import { namesAt, textAt } from "./read-or-nothing.ts";

/** Folders with scripts that cron runs as root. */
const SCRIPTS = ["cron.hourly", "cron.daily", "cron.weekly", "cron.monthly", "cron.yearly"];

/**
 * Finds the crontab lines that run something as a managed user; see crontab(5). The folders of the crontabs
 * belong to root, so a user cannot change names in them, only a crontab's contents through crontab(1).
 */
export function crontabLines({ paths }: Host, users: ReadonlySet<string>): Unmanaged[] {
  const { crontabs, etc } = paths;
  const system = [`${etc}/crontab`, ...namesAt(`${etc}/cron.d`).map((name) => `${etc}/cron.d/${name}`)];
  const scripts = SCRIPTS.flatMap((folder) =>
    namesAt(`${etc}/${folder}`).map((name) => `${etc}/${folder}/${name}`),
  );
  return [
    ...[...users].flatMap((user) => linesOf(`${crontabs}/${user}`, (line) => parseUserLine(line, user))),
    ...system.flatMap((path) => linesOf(path, (line) => parseSystemLine(line, users))),
    ...[...scripts, `${etc}/anacrontab`].flatMap((path) =>
      linesOf(path, (line) => parseRootLine(line, users)),
    ),
  ];
}

/** The user and the program of a line; undefined if the line runs nothing as a managed user. */
type Entry = Pick<Unmanaged, "user" | "name"> | undefined;

function linesOf(path: string, read: (line: string) => Entry): Unmanaged[] {
  const lines = (textAt(path) ?? "").split("\n");
  return lines.flatMap((line, i) => {
    const text = line.trim();
    const isIgnored = text === "" || text.startsWith("#") || /^[A-Za-z_]\w*\s*=/.test(text);
    const entry = isIgnored ? undefined : read(text);
    return entry === undefined ? [] : [{ kind: "cron", ...entry, where: `${path}:${i + 1}` }];
  });
}

/** A pattern for the time at the start of a line: a word such as `@daily`, or five fields. */
const WHEN = String.raw`(?:@\w+|(?:\S+\s+){4}\S+)\s+`;

function parseUserLine(line: string, user: string): Entry {
  const command = new RegExp(`^${WHEN}(.+)$`).exec(line)?.[1];
  return command === undefined ? undefined : { user, name: programOf(command) };
}

function parseSystemLine(line: string, users: ReadonlySet<string>): Entry {
  const [, user = "", command = ""] = new RegExp(`^${WHEN}(\\S+)\\s+(.+)$`).exec(line) ?? [];
  return users.has(user) ? { user, name: programOf(command) } : parseRootLine(command, users);
}

function parseRootLine(command: string, users: ReadonlySet<string>): Entry {
  const user = switchedUser(command, users);
  return user === undefined ? undefined : { user, name: programOf(command) };
}
