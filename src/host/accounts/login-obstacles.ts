import type { Host } from "../context.ts";
import { readTextIfPresent } from "../system/read-if-present.ts";
import type { Account } from "./read-accounts.ts";
import { groupsOf } from "./read-accounts.ts";

/** The values of each keyword of sshd_config(5), in lower case, as they apply to one account. */
type Settings = ReadonlyMap<string, readonly string[]>;

/**
 * Returns the reasons why sshd does not let an account log in with its key: settings of sshd that apply to the account,
 * and the lock and expiry of the account itself. Returns an empty list if no such reason is known.
 *
 * @param group the account's primary group
 */
export function loginObstacles(host: Host, account: Account, group: string): string[] {
  const settings = settingsFor(host, account.name);
  const groups = [group, ...groupsOf(host.paths.etc, account.name)];
  return [
    ...(settings === undefined ? [] : settingObstacles(settings, account, groups)),
    ...accountObstacles(host, account.name, settings?.get("usepam")?.[0] === "yes"),
  ];
}

/**
 * Queries sshd itself, because sshd knows all included files and Match blocks. Returns undefined if there is no sshd.
 */
function settingsFor(host: Host, user: string): Settings | undefined {
  const { status, stdout } = host.run("sshd", ["-T", "-C", `user=${user},host=localhost,addr=127.0.0.1`]);
  if (status !== 0) return undefined;
  const lines = stdout.split("\n").map((line) => line.trim().split(/\s+/));
  const byKeyword = Map.groupBy(lines, ([keyword = ""]) => keyword.toLowerCase());
  return new Map([...byKeyword].map(([keyword, all]) => [keyword, all.flatMap(([, ...values]) => values)]));
}

function settingObstacles(settings: Settings, account: Account, groups: readonly string[]): string[] {
  const of = (keyword: string) => settings.get(keyword) ?? [];
  const [allowed, allowedGroups] = [of("allowusers"), of("allowgroups")];
  const keyFiles = of("authorizedkeysfile");
  return [
    ...(of("pubkeyauthentication")[0] === "no" ? ["PubkeyAuthentication is no"] : []),
    ...(isOneOf([account.name], of("denyusers")) ? ["DenyUsers names it"] : []),
    ...(isOneOf(groups, of("denygroups")) ? ["DenyGroups names one of its groups"] : []),
    ...(allowed.length > 0 && !isOneOf([account.name], allowed) ? ["AllowUsers does not name it"] : []),
    ...(allowedGroups.length > 0 && !isOneOf(groups, allowedGroups)
      ? ["AllowGroups names none of its groups"]
      : []),
    ...(keyFiles.length > 0 && !readsKeys(keyFiles, account)
      ? [`AuthorizedKeysFile is ${keyFiles.join(" ")}, so sshd does not read ${keyFile(account)}`]
      : []),
    ...(needsMore(of("authenticationmethods")) ? ["AuthenticationMethods needs more than a key"] : []),
  ];
}

/**
 * Whether a list of patterns matches one of the names. A pattern with `!` excludes names. The host part of a pattern is
 * ignored.
 */
function isOneOf(names: readonly string[], patterns: readonly string[]): boolean {
  const matches = (pattern: string) => names.some((name) => toRegExp(pattern).test(name));
  if (patterns.some((one) => one.startsWith("!") && matches(one.slice(1)))) return false;
  return patterns.some((one) => !one.startsWith("!") && matches(one));
}

function toRegExp(pattern: string): RegExp {
  const [name = ""] = pattern.split("@");
  const escaped = name.replaceAll(/[.+^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`^${escaped.replaceAll("*", ".*").replaceAll("?", ".")}$`);
}

function keyFile({ home }: Account): string {
  return `${home}/.ssh/authorized_keys`;
}

function readsKeys(files: readonly string[], account: Account): boolean {
  const path = (file: string) => {
    const named = file.replaceAll("%h", account.home).replaceAll("%u", account.name).replaceAll("%%", "%");
    return named.startsWith("/") ? named : `${account.home}/${named}`;
  };
  return files.some((file) => path(file) === keyFile(account));
}

function needsMore(methods: readonly string[]): boolean {
  return methods.length > 0 && !methods.some((one) => one === "any" || one === "publickey");
}

const DAY = 24 * 60 * 60 * 1000;

/**
 * Returns the obstacles in the account's line in `shadow`. sshd itself checks the lock only if sshd does not use PAM.
 */
function accountObstacles({ paths }: Host, name: string, usesPam: boolean): string[] {
  const text = readTextIfPresent(`${paths.etc}/shadow`) ?? "";
  const line = text.split("\n").find((one) => one.startsWith(`${name}:`));
  const [, password = "", changed = "", , , , , expires = ""] = line?.split(":") ?? [];
  const isExpired = expires !== "" && Number(expires) * DAY <= Date.now();
  return [
    ...(password.startsWith("!") && !usesPam ? ["the account is locked"] : []),
    ...(isExpired ? ["the account has expired"] : []),
    ...(changed === "0" ? ["the account must change its password first"] : []),
  ];
}
