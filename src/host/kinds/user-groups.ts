import { groupPower } from "../../model/group-powers.ts";
import { type Observation, type Refusal, rightsText, type UserItem } from "../../model/items.ts";
import { formerGroup, noteFormerGroup } from "../accounts/former-group.ts";
import { type Account, type Accounts, readAccounts } from "../accounts/read-accounts.ts";
import type { Host } from "../context.ts";
import { change } from "./group.ts";

/**
 * Returns the supplementary groups that are compared with the declared groups. A user that Muster has adopted also
 * keeps its former primary group, which is neither declared nor drift.
 */
export function groupsText(host: Host, accounts: Accounts, account: Account, item: UserItem): string {
  const kept = keptGroups(host, item);
  return rightsText(
    accounts.supplementary(account).filter((group) => !kept.includes(group)),
    " ",
  );
}

/** Gives a user exactly its declared supplementary groups, in addition to its former primary group. */
export function setGroups(host: Host, item: UserItem): void {
  const accounts = readAccounts(host.paths.etc);
  const account = accounts.users.get(item.name);
  if (account === undefined || item.want.groups === undefined) return;
  const wanted = [...declaredGroups(item), ...keptGroups(host, item)].filter(
    (group) => accounts.groups.get(group) !== account.gid,
  );
  const held = accounts.supplementary(account);
  for (const group of held.filter((one) => !wanted.includes(one)))
    change(host, "gpasswd", ["--delete", item.name, group]);
  for (const group of wanted.filter((one) => !held.includes(one)))
    change(host, "gpasswd", ["--add", item.name, group]);
}

/**
 * Turns the primary group of an adopted user into a supplementary group, before the user gets another primary group. A
 * group that gives root privileges is kept only if it is declared.
 */
export function keepFirstGroup(host: Host, accounts: Accounts, account: Account, item: UserItem): void {
  const former = accounts.groupName(account.gid);
  const isPower = groupPower(former) !== undefined && !declaredGroups(item).includes(former);
  if (item.system || former === item.want.group || isPower) return;
  noteFormerGroup(host, item.name, account.gid);
  change(host, "gpasswd", ["--add", item.name, former]);
}

/** Returns why a user cannot get its declared groups; undefined if all of these groups exist. */
export function missingGroups(accounts: Accounts, item: UserItem): Refusal | undefined {
  const [missing] = declaredGroups(item).filter((group) => !accounts.groups.has(group));
  if (missing === undefined) return undefined;
  return {
    why: `the group ${missing}, which \`groups\` of ${item.name} names, does not exist on this host.`,
    next: `Create it with \`groupadd ${missing}\`, install the package that creates it, or remove it from \`groups\`.`,
  };
}

/** Adds the refusal of missing groups to an observation. */
export function withMissing(observation: Observation, accounts: Accounts, item: UserItem): Observation {
  const refusal = missingGroups(accounts, item);
  return refusal === undefined ? observation : { ...observation, refusal };
}

function declaredGroups({ want: { groups = "none" } }: UserItem): string[] {
  return groups === "none" ? [] : groups.split(" ");
}

function keptGroups(host: Host, item: UserItem): string[] {
  const former = formerGroup(host, item.name);
  return former === undefined || declaredGroups(item).includes(former) ? [] : [former];
}
