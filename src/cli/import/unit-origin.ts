import { mergedPath } from "./parse-scan.ts";
import type { ScannedHost, ScannedService, ScannedUnit } from "./scanned-host.ts";

type Unit = Pick<ScannedUnit, "path" | "source">;

/**
 * Whether a unit belongs to a package or to the system itself. A unit that a generator has created belongs to the owner
 * of its source.
 */
export function isOfPackage({ path, source }: Unit, { packaged }: Pick<ScannedHost, "packaged">): boolean {
  if (source !== "")
    return packaged.has(mergedPath(source)) || source.startsWith("/proc/") || source === "/etc/fstab";
  return path === "" || packaged.has(mergedPath(path)) || path.startsWith("/run/systemd/generator");
}

/** Whether the unit is Muster's own. */
export function isOfMuster(unit: string): boolean {
  return unit.startsWith("muster-");
}

/**
 * Returns the services that a person has set up. A service of a package counts as set up by a person only if a drop-in
 * changes its command or sets a person's account.
 */
export function ownServices(host: ScannedHost): ScannedService[] {
  const isPerson = (name: string | undefined) =>
    host.accounts.some((account) => account.name === name && isPersonal(account.uid));
  return host.services.filter(
    (service) =>
      !isOfMuster(service.unit) &&
      (!isOfPackage(service, host) || service.isOverridden || isPerson(service.user)),
  );
}

/** Whether a uid belongs to a person or an agent, and not to the system. */
export function isPersonal(uid: number): boolean {
  return uid >= 1000 && uid < 60_000;
}
