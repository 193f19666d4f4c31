import { readFileSync } from "node:fs";
import { pagesOf, processTree } from "../units/process-tree.ts";
import type { UnitState } from "../units/systemctl.ts";

/** The largest amount that counts as a number of bytes. systemd reports 2^64 - 1 if the amount is not known. */
const MOST = 2 ** 60;

/** Bytes of a page of memory on every processor that Muster supports. */
const PAGE = 4096;

/**
 * Returns how much memory a unit uses, in bytes: the sum of its control group or, if the host does not count
 * the memory of control groups, the resident memory of its main process and all descendants.
 *
 * @returns undefined if the unit does not run
 */
export function unitMemory(
  { MemoryCurrent = "" }: UnitState,
  pid: number,
  proc = "/proc",
): number | undefined {
  if (pid === 0) return undefined;
  const counted = Number(MemoryCurrent);
  if (MemoryCurrent !== "" && counted > 0 && counted < MOST) return counted;
  const pages = processTree(pid, proc).map((one) => pagesOf(readStatm(one, proc)));
  const sum = pages.reduce((all, one) => all + one, 0) * PAGE;
  return sum > 0 ? sum : undefined;
}

function readStatm(pid: string, proc: string): string {
  try {
    return readFileSync(`${proc}/${pid}/statm`, "utf8");
  } catch {
    return "";
  }
}
