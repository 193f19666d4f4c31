import { existsSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { basename } from "node:path";
import { hasCode, reasonOf } from "../system/error-reason.ts";
import type { Reading } from "./heartbeat-file.ts";

/**
 * Reads when the agent's program last wrote to its tmux pane. The kernel updates the terminal's modification
 * time on a write, to within 8 s (tty_update_time), so no file of the agent is opened and none of its
 * programs is run.
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
    // A process that has ended meanwhile gives no sign of life.
    return hasCode(error, "ENOENT", "ESRCH") ? {} : { unknown: reasonOf(error) };
  }
}

function terminalOf(server: number, proc: string): string | undefined {
  const child = programOf(server, proc);
  return child && terminalPath(ttyNumber(readFileSync(`${proc}/${child}/stat`, "utf8")));
}

/** Returns the PID of the server's first child, which is the program in the first pane. */
function programOf(server: number, proc: string): string | undefined {
  const children = readFileSync(`${proc}/${server}/task/${server}/children`, "utf8");
  const child = children.split(" ")[0] ?? "";
  return /^\d+$/.test(child) ? child : undefined;
}

/** Returns the seconds since the last write to the pane; infinite if there is no pane. */
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
 * Whether a unit's main process is not tmux. If a program forks away while its tmux starts, tmux can exit;
 * systemd then considers what is left of the program to be the main process.
 *
 * @param main the PID of the unit's main process, as systemd reports it; 0 if there is none
 */
export function isStray(main: number, proc = "/proc"): boolean {
  try {
    return !readFileSync(`${proc}/${main}/comm`, "utf8").startsWith("tmux");
  } catch {
    // The process has ended meanwhile, which systemd reports.
    return main === 0;
  }
}

/**
 * Returns two names of the process in a pane: the one that the process may have given itself (see
 * proc_pid_comm(5)), and the name of its executable without a version, such as `node`. The command line is
 * not read, because it is in the memory of the process, which could make the read block.
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

/**
 * Returns the field `tty_nr` of proc_pid_stat(5). The process name, which precedes that field, may contain
 * spaces and parentheses.
 */
export function ttyNumber(stat: string): number {
  return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[4]);
}

/**
 * Returns the path of a Unix98 terminal. These have the major numbers 136 to 143, with 256 minor numbers each
 * (see the kernel's devices.txt).
 *
 * @returns undefined for any other terminal
 */
export function terminalPath(tty: number): string | undefined {
  const major = (tty >> 8) & 0xfff;
  const minor = (tty & 0xff) | ((tty >> 12) & 0xfff00);
  return major < 136 || major > 143 ? undefined : `/dev/pts/${(major - 136) * 256 + minor}`;
}
