import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import type { Project } from "./project.ts";

/** Unique values of secrets, by the secret's name. */
export type Canaries = Readonly<Record<string, string>>;

export function makeCanaries(names: readonly string[]): Canaries {
  return Object.fromEntries(names.map((name) => [name, `canary-${name}-${randomBytes(9).toString("hex")}`]));
}

/** Returns the names of the canaries that a text contains. */
export function canariesIn(canaries: Canaries, text: string | Buffer): string[] {
  return Object.keys(canaries).filter((name) => text.includes(canaries[name] as string));
}

/**
 * Returns all files in a folder that contain a canary, each as `<path>: <names>`.
 *
 * @param since milliseconds since 1970; files that were written earlier are skipped
 */
export function filesWith(canaries: Canaries, folder: string, since = 0): string[] {
  const recent = filesUnder(folder).filter((file) => statSync(join(folder, file)).mtimeMs >= since);
  return recent.flatMap((file) => {
    const seen = canariesIn(canaries, readFileSync(join(folder, file)));
    return seen.length === 0 ? [] : [`${file}: ${seen.join(" ")}`];
  });
}

/**
 * Returns all regular files on a host that contain a canary, each as `<path>: <name>`. The journal is also searched as
 * text, because its files can be compressed.
 */
export async function hostFilesWith(canaries: Canaries, project: Project, host: string): Promise<string[]> {
  const lines = await search(
    canaries,
    project,
    host,
    `grep -rHoaF -D skip -f $patterns / --exclude-dir=proc --exclude-dir=sys --exclude=patterns 2>/dev/null
    journalctl --no-pager -o json | grep -oaF -f $patterns | sed 's/^/journal:/'`,
  );
  const named = lines.map(
    (line) => `${line.slice(0, line.lastIndexOf(":"))}: ${canariesIn(canaries, line).join(" ")}`,
  );
  return [...new Set(named)].sort();
}

/** Returns the users whose processes on a host have a canary in their environment. */
export async function environsWith(canaries: Canaries, project: Project, host: string): Promise<string[]> {
  const script = `grep -laF -f $patterns /proc/[0-9]*/environ 2>/dev/null | xargs -r stat -c %U | sort -u`;
  return search(canaries, project, host, script);
}

/**
 * Runs a script on a host. The canaries are sent on stdin, so that they do not appear in a process list.
 *
 * @returns the lines of the script's output
 */
async function search(canaries: Canaries, project: Project, host: string, script: string): Promise<string[]> {
  const prologue = "patterns=/dev/shm/patterns; cat >$patterns; trap 'rm -f $patterns' EXIT";
  const { stdout } = await execa("ssh", [...project.sshArguments(host), `${prologue}\n${script}\ntrue`], {
    input: `${Object.values(canaries).join("\n")}\n`,
  });
  return stdout.split("\n").filter((line) => line !== "");
}

/** Watches the command lines of all processes, including the processes in local hosts, until `stop` is called. */
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
      if (canariesIn(canaries, line).length > 0) seen.add(line.replaceAll("\0", " "));
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

/** Returns all files in a folder. Symlinks are not followed, because one symlink points to the checkout. */
function filesUnder(folder: string, below = ""): string[] {
  return readdirSync(join(folder, below), { withFileTypes: true }).flatMap((entry) => {
    const path = join(below, entry.name);
    if (entry.isDirectory()) return filesUnder(folder, path);
    return entry.isFile() ? [path] : [];
  });
}
