import { lstatSync } from "node:fs";
import type { Unmanaged } from "../../model/unmanaged.ts";
import type { Accounts } from "../accounts/read-accounts.ts";
import type { Host } from "../context.ts";
import { namesAt, orNothing, textAt } from "../system/read-or-nothing.ts";
import { programOf, switchedUser } from "./command.ts";

/** Folders with scripts that cron runs as root. */
const SCRIPTS = ["cron.hourly", "cron.daily", "cron.weekly", "cron.monthly", "cron.yearly"];

/**
 * Finds the crontab lines that run a program as a managed user; see crontab(5). The folders of the crontabs belong to
 * root, so a user cannot change names in these folders. A user can only change the contents of a crontab, with
 * crontab(1).
 *
 * @param isComplete whether to report also the crontabs of users that no longer exist
 */
export function crontabLines(
  { paths }: Host,
  accounts: Accounts,
  users: ReadonlySet<string>,
  isComplete: boolean,
): Unmanaged[] {
  const { crontabs, etc } = paths;
  const tables = namesAt(crontabs);
  const system = [`${etc}/crontab`, ...namesAt(`${etc}/cron.d`).map((name) => `${etc}/cron.d/${name}`)];
  const scripts = SCRIPTS.flatMap((folder) =>
    namesAt(`${etc}/${folder}`).map((name) => `${etc}/${folder}/${name}`),
  );
  return [
    ...tables
      .filter((name) => users.has(name) || (isComplete && !accounts.users.has(name)))
      .flatMap((name) => linesOfUser(`${crontabs}/${name}`, name, accounts)),
    ...tables
      .filter((name) => !users.has(name) && accounts.users.has(name))
      .flatMap((name) => linesOf(`${crontabs}/${name}`, (line) => parseOthersLine(line, users))),
    ...system.flatMap((path) => linesOf(path, (line) => parseSystemLine(line, users))),
    ...[...scripts, `${etc}/anacrontab`].flatMap((path) =>
      linesOf(path, (line) => parseRootLine(line, users)),
    ),
  ];
}

/** Returns the lines of a user's own crontab. If cron does not run them, also returns the reason. */
function linesOfUser(path: string, user: string, { users }: Accounts): Unmanaged[] {
  const uid = users.get(user)?.uid;
  const owner = orNothing(() => lstatSync(path).uid);
  const note =
    uid === undefined
      ? ` (not run: there is no user ${user}; a new user of this name would run it)`
      : owner === uid || owner === process.geteuid?.()
        ? ""
        : ` (not run: its owner is not ${user})`;
  return linesOf(path, (line) => parseUserLine(line, user)).map((one) => ({ ...one, name: one.name + note }));
}

/** The user and the program of a line; undefined if the line runs no program as a managed user. */
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

/** Parses a line in the crontab of a user that is not managed, such as root. */
function parseOthersLine(line: string, users: ReadonlySet<string>): Entry {
  return parseRootLine(new RegExp(`^${WHEN}(.+)$`).exec(line)?.[1] ?? "", users);
}

function parseSystemLine(line: string, users: ReadonlySet<string>): Entry {
  const [, user = "", command = ""] = new RegExp(`^${WHEN}(\\S+)\\s+(.+)$`).exec(line) ?? [];
  return users.has(user) ? { user, name: programOf(command) } : parseRootLine(command, users);
}

function parseRootLine(command: string, users: ReadonlySet<string>): Entry {
  const user = switchedUser(command, users);
  return user === undefined ? undefined : { user, name: programOf(command) };
}
