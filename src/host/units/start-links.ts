import { mkdirSync, readlinkSync, rmSync, symlinkSync } from "node:fs";
import { basename, dirname } from "node:path";
import type { Host } from "../context.ts";
import { hasCode } from "../system/error-reason.ts";
import { listFolder } from "../system/read-if-present.ts";
import { daemonReload } from "./systemctl.ts";

/** The targets of links, by the paths of the links. */
export type Links = Readonly<Record<string, string>>;

/**
 * Reads the links with which systemd starts units at boot or together with other units. `systemctl enable` creates such
 * links, and a person can create them by hand. A link in /run disappears at the next boot.
 *
 * @returns a function that returns the links of one unit
 */
export function readStartLinks({ paths }: Host): (unit: string) => Links {
  const folders = [paths.units, paths.runtimeUnits].flatMap((dir) =>
    listFolder(dir)
      .filter((name) => /\.(wants|requires|upholds)$/.test(name))
      .map((name) => `${dir}/${name}`),
  );
  const all = folders.flatMap((folder) =>
    listFolder(folder).flatMap((name): [string, string][] => {
      const target = targetOf(`${folder}/${name}`);
      return target === undefined ? [] : [[`${folder}/${name}`, target]];
    }),
  );
  return (unit) =>
    Object.fromEntries(all.filter(([path, target]) => basename(path) === unit || basename(target) === unit));
}

/** Prevents a unit from starting at boot. The unit's file, and a link to this file, are kept. */
export function removeStartLinks(host: Host, unit: string): void {
  const links = Object.keys(readStartLinks(host)(unit));
  for (const path of links) rmSync(path, { force: true });
  if (links.length > 0) daemonReload(host);
}

export function restoreStartLinks(host: Host, links: Links): void {
  const missing = Object.entries(links).filter(([path]) => targetOf(path) === undefined);
  for (const [path, target] of missing) {
    mkdirSync(dirname(path), { recursive: true });
    symlinkSync(target, path);
  }
  if (missing.length > 0) daemonReload(host);
}

function targetOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch (error) {
    if (hasCode(error, "ENOENT", "EINVAL")) return undefined;
    throw error;
  }
}
