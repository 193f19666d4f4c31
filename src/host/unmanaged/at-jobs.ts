import { lstatSync } from "node:fs";
import { shown } from "../../model/shorten-for-display.ts";
import type { Unmanaged } from "../../model/unmanaged.ts";
import type { Account } from "../accounts/read-accounts.ts";
import type { Host } from "../context.ts";
import { namesAt, orNothing } from "../system/read-or-nothing.ts";

/** Finds the jobs of at(1) that wait to run as a managed user. The files of these jobs belong to the user. */
export function atJobs({ paths }: Host, accounts: readonly Account[]): Unmanaged[] {
  const users = new Map(accounts.map(({ uid, name }) => [uid, name]));
  return namesAt(paths.atJobs).flatMap((name): Unmanaged[] => {
    const where = `${paths.atJobs}/${name}`;
    const stats = orNothing(() => lstatSync(where));
    const user = stats?.isFile() ? users.get(stats.uid) : undefined;
    return user === undefined ? [] : [{ kind: "at", user, name: shown(name), where: shown(where) }];
  });
}
