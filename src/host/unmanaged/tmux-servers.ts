import { lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { shown } from "../../model/shown.ts";
import type { Unmanaged } from "../../model/unmanaged.ts";
import type { Account } from "../accounts/accounts.ts";
import { orNothing } from "./read-or-nothing.ts";

/** What tmux calls the process of a server; proc_pid_comm(5). */
const SERVER = "tmux: server";

/** Muster's own units: what an agent starts within its unit is not reported. */
const OURS = /\/muster-(agent|job)-[^/]+\.service(\/|$)/;

/** tmux servers of managed users outside of Muster's units. @param proc the folder of proc(5) */
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

/** A process that ends meanwhile does not count. In a container the same user number may be another user. */
function serverOf(
  dir: string,
  users: ReadonlyMap<number, string>,
  here: string | undefined,
): Pick<Unmanaged, "user" | "where"> | undefined {
  const user = users.get(lstatSync(dir).uid);
  if (user === undefined || readFileSync(`${dir}/comm`, "utf8").trimEnd() !== SERVER) return undefined;
  if (readlinkSync(`${dir}/ns/pid`) !== here) return undefined;
  const groups = readFileSync(`${dir}/cgroup`, "utf8");
  if (OURS.test(groups.replaceAll("\n", "/\n"))) return undefined;
  return { user, where: shown(groupOf(groups)) };
}

/** The group that systemd put it in: v2's, or v1's of systemd's own. */
function groupOf(text: string): string {
  const rows = text.split("\n").map((line) => line.split(":"));
  const own = rows.find(([, of, path]) => of === "name=systemd" || (of === "" && path !== "/")) ?? rows[0];
  return own?.slice(2).join(":") ?? "";
}
