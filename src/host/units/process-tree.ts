import { readdirSync, readFileSync } from "node:fs";

/** Returns a process and all its descendants. @param proc the folder of proc(5) */
export function processTree(pid: number, proc = "/proc"): string[] {
  const seen = new Set<string>();
  const open = [`${pid}`];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (seen.has(next)) continue;
    seen.add(next);
    try {
      for (const thread of readdirSync(`${proc}/${next}/task`)) {
        const children = readFileSync(`${proc}/${next}/task/${thread}/children`, "utf8");
        open.push(...children.split(" ").filter(Boolean));
      }
    } catch {
      // The process has ended meanwhile.
    }
  }
  return [...seen];
}

/** Returns the resident pages in the text of proc_pid_statm(5); 0 for an empty text. */
export function pagesOf(statm: string): number {
  return Number(statm.split(" ")[1] ?? 0);
}
