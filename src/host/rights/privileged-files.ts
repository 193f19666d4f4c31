import type { Host } from "../context.ts";

/** A program file that runs with the rights of another user, or with capabilities. */
export interface PrivilegedFile {
  readonly path: string;
  readonly owner: string;
  /** The rights that the file gives, such as `setuid root`, `setgid docker` or `cap_net_raw=ep`. */
  readonly what: string;
}

/** The maximum depth of the search below a home, and the number of seconds after which the search ends. */
const DEPTH = 6;
const PATIENCE = 5;

/**
 * Folders of the host in which a user can have files that other users start, and the maximum depth of the search in
 * these folders.
 */
const SHARED = ["/usr/local/bin", "/usr/local/sbin", "/opt", "/srv", "/tmp", "/var/tmp"];
const SHARED_DEPTH = 3;

/**
 * Finds setuid and setgid files and files with capabilities in the homes, and setuid and setgid files in the folders
 * that everybody uses. The search is limited in depth and time. The search is one process, because each observation of
 * a host waits for the search.
 */
export function findPrivilegedFiles(host: Host, homes: readonly string[]): PrivilegedFile[] {
  if (homes.length === 0) return [];
  // If a home is a link, the link is followed. Links inside the home are not followed.
  const folders = ["-H", ...homes, ...SHARED, "-xdev", "-mindepth", "1", "-maxdepth", String(DEPTH)];
  const inHome = ["(", ...homes.flatMap((home) => ["-path", `${quoteGlob(home)}/*`, "-o"]), "-false", ")"];
  const { stdout } = host.run("find", [...folders, ...leaveOut(inHome), ...privileged(inHome)], {
    timeout: PATIENCE,
  });
  // Each record of find is between two NUL bytes. The lines of getcap are outside these records.
  const found = stdout
    .split("\0")
    .flatMap((text, i) => (i % 2 === 1 ? parseSetuid(text) : parseCapabilities(text)));
  // A home in a shared folder is searched twice.
  return [...new Map(found.map((file) => [`${file.path} ${file.what}`, file])).values()];
}

/** Leaves out folders that usually contain very many files, and folders that are too deep in the shared folders. */
function leaveOut(inHome: readonly string[]): string[] {
  const deep = SHARED.flatMap((folder) => ["-path", folder + "/*".repeat(SHARED_DEPTH), "-o"]);
  const tooDeep = ["(", ...deep, "-false", ")", "-not", ...inHome];
  const names = ["-name", "node_modules", "-o", "-name", ".git"];
  return ["-type", "d", "(", ...names, "-o", ...tooDeep, ")", "-prune", "-o"];
}

/** Prints setuid and setgid files, and, with getcap(8), the capabilities of programs in homes. */
function privileged(inHome: readonly string[]): string[] {
  const print = ["-perm", "/6000", "-printf", "\\0%m\\t%u\\t%g\\t%p\\0"];
  const ask = ["-perm", "/111", ...inHome, "-exec", "getcap", "{}", "+"];
  return ["-type", "f", "-perm", "/6111", "(", ...print, ",", ...ask, ")"];
}

/** Quotes a path for the patterns of find(1). */
function quoteGlob(path: string): string {
  return path.replaceAll(/[*?[\]\\]/g, "\\$&");
}

function parseSetuid(entry: string): PrivilegedFile[] {
  const [mode = "", owner = "", group = "", ...path] = entry.split("\t");
  const bits = Number.parseInt(mode, 8);
  if (!(bits & 0o6000)) return [];
  const what = [...(bits & 0o4000 ? [`setuid ${owner}`] : []), ...(bits & 0o2000 ? [`setgid ${group}`] : [])];
  return [{ path: path.join("\t"), owner, what: what.join(" ") }];
}

function parseCapabilities(text: string): PrivilegedFile[] {
  return text.split("\n").flatMap((line) => {
    // Older versions print `PATH = cap_net_raw+ep`.
    const [, path, what] = /^(.*?)(?: =)? (cap_\S+)$/.exec(line) ?? [];
    return path === undefined || what === undefined
      ? []
      : [{ path, owner: "", what: what.replace("+", "=") }];
  });
}
