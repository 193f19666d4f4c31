import { readFileSync } from "node:fs";
import { processTree } from "./process-tree.ts";

/** The clock ticks per second in which proc_pid_stat(5) counts processor time; always 100 in user space. */
const TICKS = 100;

/**
 * Returns the processor time that a program and its descendants have used, in seconds. This time includes children that
 * have already ended, if their parents have waited for them.
 *
 * @param pid the program's process
 * @param proc the folder of proc(5)
 */
export function processorTime(pid: number, proc = "/proc"): number {
  const ticks = processTree(pid, proc).map((one) => {
    try {
      return ticksIn(readFileSync(`${proc}/${one}/stat`, "utf8"));
    } catch {
      // The process has ended meanwhile.
      return 0;
    }
  });
  return ticks.reduce((sum, one) => sum + one, 0) / TICKS;
}

/** Adds the fields utime, stime, cutime and cstime. The process name before them may contain spaces. */
function ticksIn(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
}
