import { renameSync, rmSync } from "node:fs";
import type { Host } from "../context.ts";
import { readOwn, writeOwn } from "../store/state-files.ts";
import { readAccounts } from "./read-accounts.ts";

/**
 * Returns the group that was a user's primary group before Muster adopted the user; undefined for a user that Muster
 * created. The user keeps this group as a supplementary group, because the user's files can belong to the group.
 */
export function formerGroup(host: Host, user: string): string | undefined {
  const gid = readOwn(fileOf(host, user))?.toString("utf8").trim();
  if (gid === undefined) return undefined;
  // The record contains the group's number, because the group can be renamed together with its user.
  const name = readAccounts(host.paths.etc).groupName(Number(gid));
  return name === gid ? undefined : name;
}

export function noteFormerGroup(host: Host, user: string, gid: number): void {
  writeOwn(fileOf(host, user), `${gid}\n`);
}

export function forgetFormerGroup(host: Host, user: string): void {
  rmSync(fileOf(host, user), { force: true });
}

export function renameFormerGroup(host: Host, from: string, to: string): void {
  if (readOwn(fileOf(host, from)) !== undefined) renameSync(fileOf(host, from), fileOf(host, to));
}

function fileOf(host: Host, user: string): string {
  return `${host.paths.state}/former-groups/${user}`;
}
