import { posix } from "node:path";

/** The files and folders in a home in which runtimes keep their settings and sessions, by the name of the program. */
const RUNTIME_DATA: Readonly<Record<string, readonly string[]>> = {
  hermes: [".hermes"],
  claude: [".claude", ".claude.json"],
  codex: [".codex"],
  pi: [".pi"],
  openclaw: [".openclaw"],
};

/** All paths in RUNTIME_DATA. */
export const SETTINGS = Object.values(RUNTIME_DATA).flat();

/**
 * The variables that describe the user. The proposal omits these variables, because systemd sets them for the new user.
 */
const OF_USER = /^(HOME|USER|LOGNAME|PWD|OLDPWD|MAIL|XDG_RUNTIME_DIR|DBUS_SESSION_BUS_ADDRESS)$/;

/**
 * The home that an agent leaves, and the home that the agent gets. `paths` contains the paths that exist in the homes
 * of the host.
 */
export interface Relocation {
  readonly from: string;
  readonly to: string;
  readonly paths: ReadonlyMap<string, PathKind>;
}

export type PathKind = "file" | "folder" | "link";

export interface Relocated {
  readonly words: readonly string[];
  readonly workdir: string;
  /** Variables with values that are not secret. The path of an existing file in the old home is such a value. */
  readonly env: Readonly<Record<string, string>>;
  readonly hidden: ReadonlyMap<string, string>;
  /** The sources that must be copied, by their paths in the new home. */
  readonly copies: Readonly<Record<string, string>>;
  /** The points that a person must check. Each entry is the end of a sentence that begins with the agent's name. */
  readonly left: readonly string[];
}

/**
 * Replaces the old home with the new home in an agent's command, working directory and variables. The path below the
 * home does not change.
 */
export function relocated(
  start: Pick<Relocated, "words" | "workdir" | "env" | "hidden">,
  relocation: Relocation,
): Relocated {
  const { from, paths } = relocation;
  const move = (path: string) => movedPath(path, relocation);
  const isPath = ([, value]: readonly [string, string]) => isWithin(from, value) && paths.has(value);
  const [known, hidden] = [[...start.hidden].filter(isPath), [...start.hidden].filter((one) => !isPath(one))];
  const env = [...Object.entries(start.env), ...known].filter(([name]) => !OF_USER.test(name));
  const used = [
    start.workdir,
    ...start.words.map(pathIn),
    ...env.map(([, value]) => value),
    ...dataOf(start.words, from),
  ];
  const sources = used
    .map((path) => posix.normalize(path))
    .filter((path) => path !== from && isWithin(from, path));
  const existing = [...new Set(sources)].filter((path) => paths.has(path)).sort();
  const copied = existing.filter(
    (path) => !existing.some((other) => other !== path && isWithin(other, path)),
  );
  return {
    words: start.words.map((word) => word.slice(0, word.length - pathIn(word).length) + move(pathIn(word))),
    workdir: start.workdir === "" || start.workdir === "/" ? relocation.to : move(start.workdir),
    env: Object.fromEntries(env.map(([name, value]) => [name, value.split(":").map(move).join(":")])),
    hidden: new Map(hidden),
    copies: Object.fromEntries(copied.map((path) => [posix.relative(from, path), path])),
    left: [
      ...start.words
        .filter((word) => !isWithin(from, pathIn(word)) && word.includes(`${from}/`))
        .map(() => `its command names ${from} inside a longer word. Correct this word before the take-over`),
      ...copied
        .filter((path) => paths.get(path) === "link")
        .map(
          (path) =>
            `${path} is a link, which is copied as it is. Copy its target, or install the target outside of homes`,
        ),
    ],
  };
}

/** Returns the path in a word such as `/root/x` or `--config=/root/x`; empty if the word has no path. */
function pathIn(word: string): string {
  return /^(?:--?[\w-]+=)?(\/\S*)$/.exec(word)?.[1] ?? "";
}

function movedPath(path: string, { from, to }: Relocation): string {
  return isWithin(from, path) ? to + path.slice(from.length) : path;
}

function isWithin(folder: string, path: string): boolean {
  return `${path}/`.startsWith(`${folder}/`);
}

/** Returns the folders in which the runtime of a command keeps its data. */
function dataOf(words: readonly string[], home: string): string[] {
  const names = words.slice(0, 2).map((word) => posix.basename(word));
  return names.flatMap((name) => RUNTIME_DATA[name] ?? []).map((path) => posix.join(home, path));
}
