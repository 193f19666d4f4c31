import { lstatSync, mkdirSync, readlinkSync, rmSync, statSync, symlinkSync } from "node:fs";
import { basename, dirname } from "node:path";
import type { FailedOver } from "../../model/failover.ts";
import { agentOfUnit, choiceFile, choiceLink, HOSTD_DIR } from "../../model/host-paths.ts";
import type { Host } from "../context.ts";
import { hasCode } from "../system/error-reason.ts";
import { listFolder } from "../system/read-if-present.ts";

/**
 * Matches the name of the link that sets an agent's provider. The link is among the drop-ins of the agent's
 * unit and points to the file that `up` wrote for that provider. Without a link, the agent runs on its first
 * provider. The choice is not recorded anywhere else.
 */
const LINK = /^muster-provider-([a-z][a-z0-9-]*)\.conf$/;

/**
 * Returns the provider that a unit is linked to; undefined if the unit has no link and therefore runs on its agent's
 * first provider. If there are several links, systemd uses the last link.
 */
export function linkedOverride({ paths }: Host, unit: string): string | undefined {
  return linksOf(unit, paths.units, paths.hostd).at(-1);
}

/** Returns the provider whose drop-in systemd has loaded. @param dropIns the paths that systemd reports */
export function loadedOverride(unit: string, dropIns: string): string | undefined {
  const own = dropIns.split(" ").filter((path) => dirname(path).endsWith(`/${unit}.d`));
  return own.flatMap((path) => LINK.exec(basename(path))?.[1] ?? []).at(-1);
}

/** Returns the override of a unit and when it was created, for a report; undefined if there is none. */
export function failedOver(host: Host, unit: string): FailedOver | undefined {
  const provider = linkedOverride(host, unit);
  if (provider === undefined) return undefined;
  const { mtime } = lstatSync(choiceLink(unit, provider, host.paths.units));
  return { provider, since: mtime.toISOString() };
}

/**
 * Links a unit to a provider. systemd must reload afterwards; if the deadman is killed before the reload, the
 * new link still counts.
 *
 * @param provider undefined for the agent's first provider, which needs no link
 */
export function linkOverride({ paths }: Host, unit: string, provider: string | undefined): void {
  const before = linksOf(unit, paths.units, paths.hostd);
  const agent = agentOfUnit(unit);
  if (provider !== undefined && agent !== undefined && !before.includes(provider)) {
    const link = choiceLink(unit, provider, paths.units);
    mkdirSync(dirname(link), { recursive: true, mode: 0o755 });
    rmSync(link, { force: true });
    symlinkSync(choiceFile(agent, provider, paths.hostd), link);
  }
  for (const old of before.filter((one) => one !== provider))
    rmSync(choiceLink(unit, old, paths.units), { force: true });
  if (provider === undefined) removeIfEmpty(dirname(choiceLink(unit, "", paths.units)));
}

/**
 * Whether a drop-in of a unit is a link to one of the agent's providers, and therefore not an override by a
 * person.
 */
export function isOverrideLink(unit: string, path: string, hostd: string = HOSTD_DIR): boolean {
  const [agent, provider] = [agentOfUnit(unit), LINK.exec(basename(path))?.[1]];
  if (agent === undefined || provider === undefined) return false;
  const target = choiceFile(agent, provider, hostd);
  try {
    return readlinkSync(path) === target && statSync(target).isFile();
  } catch (error) {
    if (hasCode(error, "ENOENT", "EINVAL", "ENOTDIR", "ELOOP")) return false;
    throw error;
  }
}

/** Returns the providers that a unit is linked to, in the order in which systemd reads drop-ins. */
function linksOf(unit: string, units: string, hostd: string): string[] {
  const dir = dirname(choiceLink(unit, "", units));
  const names = listFolder(dir).filter((name) => isOverrideLink(unit, `${dir}/${name}`, hostd));
  return names.sort().flatMap((name) => LINK.exec(name)?.[1] ?? []);
}

function removeIfEmpty(dir: string): void {
  if (listFolder(dir).length === 0) rmSync(dir, { recursive: true, force: true });
}
