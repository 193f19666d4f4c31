import { existsSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { basename } from "node:path";
import { hasCode, reasonOf } from "../system/error-reason.ts";
import type { Reading } from "./heartbeat-file.ts";

/**
 * Whether a program writes to its pane, by the modification time of its terminal, which the kernel sets to within
 * 8 s as the program writes (tty_update_time). Nothing of the agent's is run for it and nothing opened.
 *
 * @param server the unit's main process, a tmux server
 * @param proc the folder of proc(5)
 */
export function readPane(server: number, proc = "/proc"): Reading {
  try {
    const terminal = terminalOf(server, proc);
    return terminal === undefined ? {} : { mark: `${terminal} ${statSync(terminal).mtimeMs}` };
  } catch (error) {
    if (!existsSync(`${proc}/thread-self/children`))
      return { unknown: "this kernel does not list a process's children" };
    // A process that ends meanwhile gives no sign of life.
    return hasCode(error, "ENOENT", "ESRCH") ? {} : { unknown: reasonOf(error) };
  }
}

function terminalOf(server: number, proc: string): string | undefined {
  const child = programOf(server, proc);
  return child && terminalPath(ttyNumber(readFileSync(`${proc}/${child}/stat`, "utf8")));
}

/** The process of the server's first child, which is the program in the first pane. */
function programOf(server: number, proc: string): string | undefined {
  const children = readFileSync(`${proc}/${server}/task/${server}/children`, "utf8");
  const child = children.split(" ")[0] ?? "";
  return /^\d+$/.test(child) ? child : undefined;
}

/** Seconds since something was written to the pane; infinite if there is none. */
export function paneQuietFor(server: number, proc = "/proc"): number {
  try {
    const terminal = terminalOf(server, proc);
    return terminal === undefined
      ? Number.POSITIVE_INFINITY
      : (Date.now() - statSync(terminal).mtimeMs) / 1000;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

/**
 * Whether a unit's main process is not tmux: a program that forks away while its tmux starts may end it, and then systemd
 * takes what remains of the program for the main process.
 *
 * @param main the unit's main process as systemd has it; 0: none
 */
export function isStray(main: number, proc = "/proc"): boolean {
  try {
    return !readFileSync(`${proc}/${main}/comm`, "utf8").startsWith("tmux");
  } catch {
    // It has ended meanwhile, which systemd reports.
    return main === 0;
  }
}

/**
 * The names of the process in a pane: the one it gave itself, proc_pid_comm(5), then that of the file it is of, without
 * its version. Node's own is the second. What its memory says it is called is not read: that could be made to wait.
 */
export function paneNames(server: number, proc = "/proc"): string[] {
  try {
    const child = programOf(server, proc);
    if (child === undefined) return [];
    const file = basename(readlinkSync(`${proc}/${child}/exe`)).replace(/[\d.]+$/, "");
    return [readFileSync(`${proc}/${child}/comm`, "utf8").trimEnd(), file];
  } catch {
    return [];
  }
}

/** The field `tty_nr` of proc_pid_stat(5); the name before it may hold spaces and parentheses. */
export function ttyNumber(stat: string): number {
  return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[4]);
}

/** Major numbers 136 to 143 are Unix98 terminals, 256 each; the kernel's devices.txt. */
export function terminalPath(tty: number): string | undefined {
  const major = (tty >> 8) & 0xfff;
  const minor = (tty & 0xff) | ((tty >> 12) & 0xfff00);
  return major < 136 || major > 143 ? undefined : `/dev/pts/${(major - 136) * 256 + minor}`;
}
