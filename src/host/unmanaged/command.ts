import { basename } from "node:path";
import { shown } from "../../model/shown.ts";

/** Programs with which root runs others as another user. */
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

/** The managed user as whom a command of root runs something, judging by its words. */
export function switchedUser(command: string, users: ReadonlySet<string>): string | undefined {
  const words = command.split(/[\s=:;,|&()"'`]+/);
  if (!words.some((word) => SWITCHERS.has(basename(word)))) return undefined;
  return words.find((word) => users.has(word));
}

/** The program of a command, without its words and the variables before it: they may be secrets. */
export function programOf(command: string): string {
  const words = command.split(/\s+/).filter((word) => word !== "");
  return shown(words.find((word) => !/^[A-Za-z_]\w*=/.test(word)) ?? "").slice(0, 60);
}
