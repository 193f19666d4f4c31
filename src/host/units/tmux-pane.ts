import { existsSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { basename } from "node:path";
import { RUN_PROGRAM } from "../../model/host-paths.ts";
import { withPathItem } from "../fs/open-without-symlinks.ts";
import { readEntry } from "../fs/read.ts";
import { hasCode, reasonOf } from "../system/error-reason.ts";
import type { Reading } from "./heartbeat-file.ts";

/**
 * Reads when the agent's program last wrote to its tmux pane. The kernel updates the terminal's modification time on a
 * write, with a precision of 8 s (tty_update_time). No file of the agent is opened, and no program of the agent is run.
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
    // A process that has ended in the meantime has no heartbeat.
    return hasCode(error, "ENOENT", "ESRCH") ? {} : { unknown: reasonOf(error) };
  }
}

function terminalOf(server: number, proc: string): string | undefined {
  const child = programOf(server, proc);
  return child && terminalPath(ttyNumber(readFileSync(`${proc}/${child}/stat`, "utf8")));
}

/**
 * Returns the PID of the program in the first pane, which is the server's first child or, if that child is muster-run,
 * the first child of muster-run.
 */
function programOf(server: number, proc: string): string | undefined {
  const [child] = childrenOf(server, proc);
  return child !== undefined && commOf(child, proc) === basename(RUN_PROGRAM)
    ? childrenOf(child, proc)[0]
    : child;
}

function childrenOf(pid: number | string, proc: string): string[] {
  const children = readFileSync(`${proc}/${pid}/task/${pid}/children`, "utf8");
  return children.split(" ").filter((child) => /^\d+$/.test(child));
}

/** Returns a process's name, which the kernel sets to the script's name when muster-run starts. */
function commOf(pid: string, proc: string): string {
  return readFileSync(`${proc}/${pid}/comm`, "utf8").trimEnd();
}

/** Whether a process is muster-run, and is not a zombie. */
function isRunner(pid: string, proc: string): boolean {
  const stat = readFileSync(`${proc}/${pid}/stat`, "utf8");
  return stat.includes(`(${basename(RUN_PROGRAM)})`) && !/^[ZX]$/.test(fieldsOf(stat)[0] ?? "");
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
 * Whether a unit is up although its agent's program does not run. In one case, tmux has exited, and systemd treats a
 * remaining process as the unit's main process. In the other case, tmux still runs, but with other processes.
 *
 * @param main the PID of the unit's main process, as systemd reports it; 0 if there is none
 * @param started the path of the agent's `startedFile`
 */
export function isStray(main: number, started: string, proc = "/proc"): boolean {
  try {
    if (!readFileSync(`${proc}/${main}/comm`, "utf8").startsWith("tmux")) return true;
    // A unit that an earlier version of Muster has started has no such file.
    return hasLostRunner(main, started, proc);
  } catch {
    // The process has ended in the meantime, and systemd reports this.
    return main === 0;
  }
}

/** Whether the muster-run that a tmux server has started has ended; false if its PID is not known. */
function hasLostRunner(server: number, started: string, proc: string): boolean {
  const pid = withPathItem(started, (entry) =>
    entry?.stats.isFile() ? readEntry(entry, 20)?.toString("utf8").trim() : undefined,
  );
  if (pid === undefined || !/^\d+$/.test(pid)) return false;
  try {
    return !isRunner(pid, proc) || fieldsOf(readFileSync(`${proc}/${pid}/stat`, "utf8"))[1] !== `${server}`;
  } catch (error) {
    return hasCode(error, "ENOENT", "ESRCH");
  }
}

/** Returns the path of the file that the process in a pane runs; undefined if no process is running. */
export function paneExecutable(server: number, proc = "/proc"): string | undefined {
  try {
    const child = programOf(server, proc);
    return child && readlinkSync(`${proc}/${child}/exe`);
  } catch {
    return undefined;
  }
}

/**
 * Returns two names of the process in a pane: its command name, which the process can set itself (see
 * proc_pid_comm(5)), and the name of its executable without a version, such as `node`. The command line is not read,
 * because it is in the memory of the process, and the process could block the read.
 */
export function paneNames(server: number, proc = "/proc"): string[] {
  try {
    const child = programOf(server, proc);
    if (child === undefined) return [];
    const file = basename(readlinkSync(`${proc}/${child}/exe`)).replace(/[\d.]+$/, "");
    return [commOf(child, proc), file];
  } catch {
    return [];
  }
}

/**
 * Returns the field `tty_nr` of proc_pid_stat(5). The process name, which precedes this field, can contain
 * spaces and parentheses.
 */
export function ttyNumber(stat: string): number {
  return Number(fieldsOf(stat)[4]);
}

/** Returns the fields after the process name, which start with the state and the parent's PID. */
function fieldsOf(stat: string): string[] {
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
}

/**
 * Returns the path of a Unix98 terminal. Such terminals have the major numbers 136 to 143, with 256 minor numbers each
 * (see the kernel's devices.txt).
 *
 * @returns undefined for any other terminal
 */
export function terminalPath(tty: number): string | undefined {
  const major = (tty >> 8) & 0xfff;
  const minor = (tty & 0xff) | ((tty >> 12) & 0xfff00);
  return major < 136 || major > 143 ? undefined : `/dev/pts/${(major - 136) * 256 + minor}`;
}
