/** Whether a repository is reached by a URL. Hosts fetch from such a repository; any other one is a local folder. */
export function isRemote(from: string): boolean {
  return /^(https?|git|ssh):\/\//.test(from);
}

/** Returns the remote that the checkout of a repository must have. */
export function remoteOf(from: string): string {
  return isRemote(from) ? `origin ${from}` : "none";
}

/** A full commit hash. */
export const COMMIT = /^[0-9a-f]{40}$/;

/** Whether a path matches a pattern in which `*` and `?` match within a name, and `**` matches any path. */
export function matchesPath(pattern: string, path: string): boolean {
  const expression = pattern
    .split(/(\*\*\/|\*\*|\*|\?)/)
    .map((part) => WILDCARDS[part] ?? part.replaceAll(/[.+^${}()|[\]\\]/g, "\\$&"))
    .join("");
  return new RegExp(`^${expression}$`, "s").test(path);
}

const WILDCARDS: Readonly<Record<string, string>> = {
  "**/": "(?:.*/)?",
  "**": ".*",
  "*": "[^/]*",
  "?": "[^/]",
};

/** The agents of a host that have a repository, by name. */
export type HostRepositories = Readonly<Record<string, { readonly user: string; readonly home: string }>>;
