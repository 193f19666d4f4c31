import { shown } from "../../model/shown.ts";
import type { Unmanaged } from "../../model/unmanaged.ts";
import type { Host } from "../context.ts";
import { switchedUser } from "./command.ts";
import { namesAt, textAt } from "./read-or-nothing.ts";

interface UnitFile {
  readonly name: string;
  readonly path: string;
  readonly text: string;
}

/**
 * Finds services and timers that run as a managed user, in the folders for units that people write
 * themselves. Links and units of packages are left out, because somebody has enabled or installed them on
 * purpose.
 *
 * @param declared the file paths and unit names that the host's records contain
 */
export function strayUnits(
  { paths }: Host,
  users: ReadonlySet<string>,
  declared: ReadonlySet<string>,
): Unmanaged[] {
  const files = paths.unitFolders.flatMap((folder) =>
    namesAt(folder)
      .filter((name) => /\.(service|timer)$/.test(name))
      .filter((name) => !declared.has(name) && !declared.has(`${folder}/${name}`))
      .flatMap((name): UnitFile[] => {
        const text = textAt(`${folder}/${name}`);
        return text === undefined ? [] : [{ name, path: `${folder}/${name}`, text }];
      }),
  );
  const timers = files.filter(({ name }) => name.endsWith(".timer"));
  const started = new Map(timers.map((timer) => [startedBy(timer), timer]));
  return files.flatMap((file): Unmanaged[] => {
    const user = file.name.endsWith(".service") ? userOf(file, users) : undefined;
    if (user === undefined) return [];
    const timer = started.get(file.name);
    const { name, path } = timer ?? file;
    return [{ kind: timer === undefined ? "service" : "timer", user, name: shown(name), where: shown(path) }];
  });
}

function startedBy({ name, text }: UnitFile): string {
  return /^\s*Unit=(\S+)/m.exec(text)?.[1] ?? name.replace(/\.timer$/, ".service");
}

function userOf({ text }: UnitFile, users: ReadonlySet<string>): string | undefined {
  const user = [...text.matchAll(/^\s*User=\s*(\S+)/gm)].at(-1)?.[1] ?? "";
  if (users.has(user)) return user;
  const commands = [...text.matchAll(/^\s*Exec\w+=(.*)$/gm)].map(([, command = ""]) => command);
  return commands.flatMap((command) => switchedUser(command, users) ?? [])[0];
}
