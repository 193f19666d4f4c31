import { existsSync } from "node:fs";
import { MusterError } from "../../base/errors.ts";
import type { Observation, PackageItem, Refusal } from "../../model/items.ts";
import type { Host } from "../context.ts";
import type { RequestContext } from "../request-context.ts";
import { installedAmong } from "../system/dpkg.ts";
import type { ProgramResult } from "../system/run-program.ts";
import type { ItemState, Kind } from "./kind.ts";
import { orUnknown } from "./observe-as-user.ts";

/** Time limit in seconds for the download and installation of a package. */
const PATIENCE = 600;

/** A Debian package. The package is kept when its resource is removed, because other programs might use it. */
export const debianPackage: Kind<PackageItem> = {
  observe,
  converge: ({ host }, { item }) => {
    if (!hasProgram(host, "apt-get"))
      throw new MusterError({ what: `package ${item.name} was not installed`, ...noApt(host, item.name) });
    const install = () => host.run("apt-get", INSTALL.concat(item.name), { timeout: PATIENCE });
    if (install().status === 0) return;
    // The package lists might be outdated, or might never have been downloaded.
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
  const hasDatabase = existsSync(`${host.paths.dpkg}/status`);
  const installed = orUnknown(() =>
    hasDatabase ? installedAmong(host.paths.dpkg, names) : new Set<string>(),
  );
  if ("unknown" in installed) return names.map(() => installed);
  return names.map((name) => {
    const present = installed.has(name) || (PROGRAMS.includes(name) && hasProgram(host, name));
    if (present || hasProgram(host, "apt-get")) return { props: { present } };
    return { props: { present }, refusal: noApt(host, name) };
  });
}

/**
 * The packages that Muster itself needs. Muster uses only the program with the package's name. The program can have
 * been installed in any way.
 */
const PROGRAMS: readonly string[] = ["tmux", "sudo"];

function hasProgram({ paths }: Host, name: string): boolean {
  return existsSync(`${paths.programs}/${name}`);
}

function noApt({ paths }: Host, name: string): Required<Refusal> {
  const place = PROGRAMS.includes(name) ? `, as ${paths.programs}/${name}` : "";
  return {
    why: `${name} is missing, and this host has no apt with which Muster could install it.`,
    next: `Install ${name} on the host by hand${place}.`,
  };
}

function failed(name: string, { stderr }: ProgramResult): MusterError {
  const last = stderr.trim().split("\n").slice(-3).join(" ");
  return new MusterError({ what: `package ${name} was not installed`, why: last || "apt-get failed" });
}
