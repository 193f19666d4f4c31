import { MusterError } from "../../base/errors.ts";
import type { Observation, PackageItem } from "../../model/items.ts";
import type { RequestContext } from "../request-context.ts";
import { installedAmong } from "../system/dpkg.ts";
import type { ProgramResult } from "../system/run-program.ts";
import type { ItemState, Kind } from "./kind.ts";
import { orUnknown } from "./observe-as-user.ts";

/** Time limit in seconds for the download and installation of a package. */
const PATIENCE = 600;

/** A Debian package. It stays installed when its resource is removed, because other programs may use it. */
export const debianPackage: Kind<PackageItem> = {
  observe,
  converge: ({ host }, { item }) => {
    const install = () => host.run("apt-get", INSTALL.concat(item.name), { timeout: PATIENCE });
    if (install().status === 0) return;
    // The package lists may be outdated, or may never have been downloaded.
    host.run("apt-get", ["update", "-q"], { timeout: PATIENCE });
    const second = install();
    if (second.status !== 0) throw failed(item.name, second);
  },
  remove: () => [],
};

/** Options for apt-get: wait for another stack's installation, and keep existing configuration files. */
const OPTIONS = [
  "DPkg::Lock::Timeout=300",
  "Dpkg::Options::=--force-confdef",
  "Dpkg::Options::=--force-confold",
];
const INSTALL = [
  ...OPTIONS.flatMap((one) => ["-o", one]),
  "install",
  "-y",
  "-q",
  "--no-install-recommends",
  "--",
];

function observe({ host }: RequestContext, targets: readonly ItemState<PackageItem>[]): Observation[] {
  const names = targets.map(({ item }) => item.name);
  const installed = orUnknown(() => installedAmong(host.paths.dpkg, names));
  if ("unknown" in installed) return names.map(() => installed);
  return names.map((name) => ({ props: { present: installed.has(name) } }));
}

function failed(name: string, { stderr }: ProgramResult): MusterError {
  const last = stderr.trim().split("\n").slice(-3).join(" ");
  return new MusterError({ what: `package ${name} was not installed`, why: last || "apt-get failed" });
}
