import type { Host } from "../context.ts";
import { namesAt, textAt } from "../system/read-or-nothing.ts";

/** Files, and folders with files, whose lines give users rights or limits by name. Muster never changes these lines. */
const FILES = [
  "sudoers",
  "security/access.conf",
  "security/limits.conf",
  "cron.allow",
  "cron.deny",
  "at.allow",
  "at.deny",
  "ssh/sshd_config",
];
const FOLDERS = ["sudoers.d", "security/limits.d", "ssh/sshd_config.d"];

/** Reads `FILES` once. @returns a function that returns the paths of the files that name a user */
export function filesNamingReader({ paths }: Host): (user: string) => string[] {
  const inFolders = FOLDERS.flatMap((folder) =>
    namesAt(`${paths.etc}/${folder}`)
      .filter((name) => !name.startsWith("muster-"))
      .map((name) => `${folder}/${name}`),
  );
  const files = [...FILES, ...inFolders].map((file) => {
    const path = `${paths.etc}/${file}`;
    return { path, names: namesIn(textAt(path) ?? "") };
  });
  return (user) => files.filter(({ names }) => names.has(user)).map(({ path }) => path);
}

/**
 * Returns the words outside comments. A group such as `%arc` or `@arc` is one word, and so is a path such as
 * `/home/iris`.
 */
function namesIn(text: string): ReadonlySet<string> {
  return new Set(text.replaceAll(/(^|\s)#.*$/gm, "").match(/[%@+]?[\w./-]+/g));
}
