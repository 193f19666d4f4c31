import { cachedArchives } from "../sources/archive-cache.ts";
import { sourceOf } from "../sources/registry.ts";
import type { ArchiveSource } from "./context.ts";

/** Gives access to the archives of pinned runtimes through the sources that the operator's machine uses. */
export function archiveSource(project: string): ArchiveSource {
  return {
    files: (pinned, archives, addresses) => cachedArchives(pinned, archives, { project, addresses }),
    urls: async (pinned, archives, addresses) => {
      const all = await sourceOf(pinned.from).urls(archives, { project, addresses });
      return Object.fromEntries(Object.entries(all).filter(([, url]) => isForHosts(url)));
    },
  };
}

/**
 * Whether an address leads to the same server from a host as from this machine. This is not the case for localhost,
 * because on a host, localhost is the host itself.
 */
function isForHosts(url: string): boolean {
  const name = URL.canParse(url) ? new URL(url).hostname : "localhost";
  return name !== "localhost" && !name.startsWith("127.") && name !== "[::1]";
}
