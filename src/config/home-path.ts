import { posix } from "node:path";

/** Replaces `~/` at the start of a path with the agent's home, as a shell does. */
export function inHome(home: string, path: string): string {
  return path === "~" || path.startsWith("~/") ? posix.join(home, path.slice(1)) : path;
}
