import { basename } from "node:path";
import { shown } from "../../model/shorten-for-display.ts";

/** Programs that root uses to run a command as another user. */
const SWITCHERS = new Set([
  "su",
  "sudo",
  "runuser",
  "setpriv",
  "doas",
  "chpst",
  "setuidgid",
  "start-stop-daemon",
]);

/**
 * Returns the managed user that a command of root switches to; undefined if the
 * command names no managed user.
 */
export function switchedUser(command: string, users: ReadonlySet<string>): string | undefined {
  const words = command.split(/[\s=:;,|&()"'`]+/);
  if (!words.some((word) => SWITCHERS.has(basename(word)))) return undefined;
  return words.find((word) => users.has(word));
}

/** Returns a command's program, without its variables and arguments, which can contain secrets. */
export function programOf(command: string): string {
  const words = command.split(/\s+/).filter((word) => word !== "");
  return shown(words.find((word) => !/^[A-Za-z_]\w*=/.test(word)) ?? "").slice(0, 60);
}
