import { lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { shown } from "../../model/shown.ts";
import type { Unmanaged } from "../../model/unmanaged.ts";
import type { Account } from "../accounts/accounts.ts";
import { orNothing } from "./read-or-nothing.ts";

/** The name that tmux gives its server processes; see proc_pid_comm(5). */
const SERVER = "tmux: server";

/** The cgroups of Muster's own units. Processes that an agent starts within its unit are not reported. */
const MUSTER_UNIT = /\/muster-(agent|job)-[^/]+\.service(\/|$)/;

/** Finds tmux servers of managed users outside Muster's units. @param proc the folder of proc(5) */
export function tmuxServers(accounts: readonly Account[], proc = "/proc"): Unmanaged[] {
  const users = new Map(accounts.map(({ uid, name }) => [uid, name]));
  const here = orNothing(() => readlinkSync(`${proc}/self/ns/pid`));
  return readdirSync(proc)
    .filter((pid) => /^\d+$/.test(pid))
    .flatMap((pid) => {
      const found = orNothing(() => serverOf(`${proc}/${pid}`, users, here));
      return found === undefined ? [] : [{ kind: "tmux" as const, name: `process ${pid}`, ...found }];
    });
}

/**
 * Returns the user and cgroup of a tmux server; undefined for other processes. A process in a container is
 * skipped, because the same uid may belong to another user there.
 */
function serverOf(
  dir: string,
  users: ReadonlyMap<number, string>,
  here: string | undefined,
): Pick<Unmanaged, "user" | "where"> | undefined {
  const user = users.get(lstatSync(dir).uid);
  if (user === undefined || readFileSync(`${dir}/comm`, "utf8").trimEnd() !== SERVER) return undefined;
  if (readlinkSync(`${dir}/ns/pid`) !== here) return undefined;
  const groups = readFileSync(`${dir}/cgroup`, "utf8");
  if (MUSTER_UNIT.test(groups.replaceAll("\n", "/\n"))) return undefined;
  return { user, where: shown(groupOf(groups)) };
}

/** Returns the cgroup in which systemd has put a process: in the v2 hierarchy or in systemd's own of v1. */
function groupOf(text: string): string {
  const rows = text.split("\n").map((line) => line.split(":"));
  const own = rows.find(([, of, path]) => of === "name=systemd" || (of === "" && path !== "/")) ?? rows[0];
  return own?.slice(2).join(":") ?? "";
}
