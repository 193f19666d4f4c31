import { readFileSync, readlinkSync } from "node:fs";
import { basename } from "node:path";
import type { WritingProcess } from "../../model/ledger.ts";
import { shown } from "../../model/shorten-for-display.ts";

/** The maximum number of processes above a process that are reported. */
const MOST_PARENTS = 4;

/**
 * Describes a process as far as it still exists. Its command line is not read, because it can contain secrets.
 *
 * @param name the name that the kernel has reported with the event
 * @param userName returns the name of a user
 */
export function describeProcess(
  pid: number,
  name: string,
  userName: (uid: number) => string,
  proc = "/proc",
): WritingProcess {
  const short = { name: shown(name, 40), pid };
  const status = textOf(`${proc}/${pid}/status`);
  const [, uid] = /^Uid:\s+(\d+)/m.exec(status) ?? [];
  // The pid can belong to another process by now.
  const isSame = fieldOf(status, "Name") === name;
  if (uid === undefined || !isSame) return short;
  const unit = unitOf(textOf(`${proc}/${pid}/cgroup`));
  const executable = linkOf(`${proc}/${pid}/exe`);
  const parents = parentsOf(proc, status);
  return {
    ...short,
    user: userName(Number(uid)),
    ...(executable !== undefined && { executable: shown(executable, 80) }),
    ...(unit !== undefined && { unit: shown(unit, 80) }),
    ...(parents.length > 0 && { parents }),
  };
}

function parentsOf(proc: string, status: string): string[] {
  const names: string[] = [];
  let pid = fieldOf(status, "PPid");
  while (pid !== undefined && !["0", "1"].includes(pid) && names.length < MOST_PARENTS) {
    const above = textOf(`${proc}/${pid}/status`);
    const name = fieldOf(above, "Name");
    if (name === undefined) break;
    names.push(shown(name, 40));
    pid = fieldOf(above, "PPid");
  }
  return names;
}

/** Returns the innermost unit in the path of a process's cgroup, such as `cron.service`. */
function unitOf(cgroup: string): string | undefined {
  const path = cgroup.split("\n").find((line) => line.startsWith("0::")) ?? "";
  const unit = path.split("/").findLast((one) => /\.(service|scope)$/.test(one));
  return unit === undefined ? undefined : basename(unit);
}

function fieldOf(status: string, name: string): string | undefined {
  return new RegExp(`^${name}:\\s+(.*)$`, "m").exec(status)?.[1];
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function linkOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}
