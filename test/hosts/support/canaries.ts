import { randomBytes } from "node:crypto";
import { type Dirent, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import type { Project } from "./project.ts";

/** Unique values by the name of the secret that they are. */
export type Canaries = Readonly<Record<string, string>>;

export function makeCanaries(names: readonly string[]): Canaries {
  return Object.fromEntries(names.map((name) => [name, `canary-${name}-${randomBytes(9).toString("hex")}`]));
}

/** The names of those that a text holds. */
export function seenIn(canaries: Canaries, text: string | Buffer): string[] {
  return Object.keys(canaries).filter((name) => text.includes(canaries[name] as string));
}

/** Every file under a folder that holds one, as `<path>: <names>`. */
export function filesWith(canaries: Canaries, folder: string): string[] {
  return filesUnder(folder).flatMap((file) => {
    const seen = seenIn(canaries, readFileSync(join(folder, file)));
    return seen.length === 0 ? [] : [`${file}: ${seen.join(" ")}`];
  });
}

/**
 * Every regular file of a host that holds one, as `<path>: <name>`. The journal is searched as text too, since its
 * files may be compressed. The values travel on stdin, so that no process list and no shell history gets them.
 */
export async function hostFilesWith(canaries: Canaries, project: Project, host: string): Promise<string[]> {
  const search = `set -f; cat >/dev/shm/patterns; trap 'rm -f /dev/shm/patterns' EXIT
    grep -rHoaF -D skip -f /dev/shm/patterns / --exclude-dir=proc --exclude-dir=sys --exclude=patterns 2>/dev/null
    journalctl --no-pager -o json | grep -oaF -f /dev/shm/patterns | sed 's/^/journal:/'; true`;
  const { stdout } = await execa("ssh", [...project.sshArguments(host), search], {
    input: `${Object.values(canaries).join("\n")}\n`,
  });
  const lines = stdout.split("\n").filter((line) => line !== "");
  const named = lines.map(
    (line) => `${line.slice(0, line.lastIndexOf(":"))}: ${seenIn(canaries, line).join(" ")}`,
  );
  return [...new Set(named)].sort();
}

/** Looks at the command lines of all processes, those in local hosts among them, until it is stopped. */
export function watchProcesses(canaries: Canaries): {
  readonly stop: () => { rounds: number; seen: string[] };
} {
  const seen = new Set<string>();
  let rounds = 0;
  const timer = setInterval(() => {
    rounds += 1;
    for (const pid of readdirSync("/proc")) {
      if (!/^\d+$/.test(pid)) continue;
      const line = commandLine(pid);
      if (seenIn(canaries, line).length > 0) seen.add(line.replaceAll("\0", " "));
    }
  }, 20);
  return {
    stop: () => {
      clearInterval(timer);
      return { rounds, seen: [...seen] };
    },
  };
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return "";
  }
}

function filesUnder(folder: string): string[] {
  const isFile = (entry: Dirent) => entry.isFile();
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(isFile)
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
}
