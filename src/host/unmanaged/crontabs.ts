import type { Unmanaged } from "../../model/unmanaged.ts";
import type { Host } from "../context.ts";
import { programOf, switchedUser } from "./command.ts";
import { namesAt, textAt } from "./read-or-nothing.ts";

/** Folders of scripts that cron runs as root. */
const SCRIPTS = ["cron.hourly", "cron.daily", "cron.weekly", "cron.monthly", "cron.yearly"];

/**
 * Lines of crontabs that run something as a user of ours; crontab(5). The folders are root's, and no user can change a
 * name in them: what a user says through crontab(1) is a file's content.
 */
export function crontabLines({ paths }: Host, users: ReadonlySet<string>): Unmanaged[] {
  const { crontabs, etc } = paths;
  const system = [`${etc}/crontab`, ...namesAt(`${etc}/cron.d`).map((name) => `${etc}/cron.d/${name}`)];
  const scripts = SCRIPTS.flatMap((folder) =>
    namesAt(`${etc}/${folder}`).map((name) => `${etc}/${folder}/${name}`),
  );
  return [
    ...[...users].flatMap((user) => linesOf(`${crontabs}/${user}`, (line) => ofUser(line, user))),
    ...system.flatMap((path) => linesOf(path, (line) => ofSystem(line, users))),
    ...[...scripts, `${etc}/anacrontab`].flatMap((path) => linesOf(path, (line) => asAnother(line, users))),
  ];
}

/** Whose a line is, and what it runs. */
type Entry = Pick<Unmanaged, "user" | "name"> | undefined;

function linesOf(path: string, read: (line: string) => Entry): Unmanaged[] {
  const lines = (textAt(path) ?? "").split("\n");
  return lines.flatMap((line, i) => {
    const text = line.trim();
    const isNone = text === "" || text.startsWith("#") || /^[A-Za-z_]\w*\s*=/.test(text);
    const entry = isNone ? undefined : read(text);
    return entry === undefined ? [] : [{ kind: "cron", ...entry, where: `${path}:${i + 1}` }];
  });
}

/** When it runs is a word such as `@daily`, or five fields. */
const WHEN = String.raw`(?:@\w+|(?:\S+\s+){4}\S+)\s+`;

function ofUser(line: string, user: string): Entry {
  const command = new RegExp(`^${WHEN}(.+)$`).exec(line)?.[1];
  return command === undefined ? undefined : { user, name: programOf(command) };
}

function ofSystem(line: string, users: ReadonlySet<string>): Entry {
  const [, user = "", command = ""] = new RegExp(`^${WHEN}(\\S+)\\s+(.+)$`).exec(line) ?? [];
  return users.has(user) ? { user, name: programOf(command) } : asAnother(command, users);
}

function asAnother(command: string, users: ReadonlySet<string>): Entry {
  const user = switchedUser(command, users);
  return user === undefined ? undefined : { user, name: programOf(command) };
}
