import { lstatSync, mkdirSync, readlinkSync, rmSync, statSync, symlinkSync } from "node:fs";
import { basename, dirname } from "node:path";
import type { FailedOver } from "../../model/failover.ts";
import { agentOfUnit, choiceFile, choiceLink, HOSTD_DIR } from "../../model/host-paths.ts";
import type { Host } from "../context.ts";
import { hasCode } from "../system/error-reason.ts";
import { listFolder } from "../system/read-if-present.ts";

/**
 * Which provider an agent runs on: a link among its unit's drop-ins points to the file that `up` wrote for that provider;
 * without a link it is the first provider. The link is the only record, so nothing can contradict it.
 */
const LINK = /^muster-provider-([a-z][a-z0-9-]*)\.conf$/;

/** The provider other than its first that a unit is linked to. If there are several links, systemd uses the last. */
export function linkedOverride({ paths }: Host, unit: string): string | undefined {
  return linksOf(unit, paths.units, paths.hostd).at(-1);
}

/** The provider whose drop-in systemd has loaded. @param dropIns the paths that it reports */
export function loadedOverride(unit: string, dropIns: string): string | undefined {
  const own = dropIns.split(" ").filter((path) => dirname(path).endsWith(`/${unit}.d`));
  return own.flatMap((path) => LINK.exec(basename(path))?.[1] ?? []).at(-1);
}

/** The override with its time, for a report. */
export function failedOver(host: Host, unit: string): FailedOver | undefined {
  const provider = linkedOverride(host, unit);
  if (provider === undefined) return undefined;
  const { mtime } = lstatSync(choiceLink(unit, provider, host.paths.units));
  return { provider, since: mtime.toISOString() };
}

/** Links a unit to a provider, or to its first. systemd has to reload for it. After a kill in between, the new link counts. */
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

/** Whether a drop-in of a unit is the link to one of its own providers, and so no override by a person. */
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

/** The providers that a unit is linked to, in the order in which systemd reads drop-ins. */
function linksOf(unit: string, units: string, hostd: string): string[] {
  const dir = dirname(choiceLink(unit, "", units));
  const names = listFolder(dir).filter((name) => isOverrideLink(unit, `${dir}/${name}`, hostd));
  return names.sort().flatMap((name) => LINK.exec(name)?.[1] ?? []);
}

function removeIfEmpty(dir: string): void {
  if (listFolder(dir).length === 0) rmSync(dir, { recursive: true, force: true });
}
