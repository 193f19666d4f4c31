import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Plan } from "../src/model/declaration.ts";
import type { HostItem, ItemKind } from "../src/model/items.ts";
import type { Project } from "../test/hosts/support/project.ts";

/**
 * What an expert would write by hand for this one fleet: a script a host over one cold connection each, all at
 * once, that asks for every fact `fleet drift` asks for, each with one process where the tools allow it.
 *
 * @returns the path of the driver, a shell script
 */
export function writeBareScripts(project: Project, plan: Plan, hosts: readonly string[]): string {
  const dir = join(project.dir, ".bare");
  mkdirSync(dir, { recursive: true });
  for (const host of hosts) writeFileSync(join(dir, `${host}.sh`), hostScript(itemsOf(plan, host)));
  const driver = join(dir, "all.sh");
  writeFileSync(driver, driverScript(project, dir, hosts));
  chmodSync(driver, 0o755);
  return driver;
}

function driverScript(project: Project, dir: string, hosts: readonly string[]): string {
  const ssh = (host: string) => ["ssh", ...project.sshArguments(host), "sh -s"].map(quoted).join(" ");
  const starts = hosts.map((host) => `${ssh(host)} <${dir}/${host}.sh >${dir}/${host}.out & all="$all $!"`);
  return ["#!/bin/sh", "set -eu", "all=", ...starts, "for one in $all; do wait $one; done", ""].join("\n");
}

/** The kinds of items, each by the tool that tells most of it at once. */
function hostScript(items: readonly HostItem[]): string {
  const of = <K extends ItemKind>(kind: K) =>
    items.filter((item): item is Extract<HostItem, { kind: K }> => item.kind === kind);
  const files = of("file").map(({ path }) => path);
  const books = of("rows");
  const paths = [...files, ...[...of("directory"), ...books].map(({ path }) => path)];
  const rows = (table: string) => `SELECT * FROM ${table} ORDER BY name`;
  return [
    "set -eu",
    "export LC_ALL=C",
    `stat -c '%n %F %U %G %a %h' -- ${paths.map(quoted).join(" ")}`,
    `sha256sum -- /usr/local/lib/muster/run ${files.map(quoted).join(" ")}`,
    `getent passwd -- ${names(of("user"))}`,
    `getent group -- ${names(of("group"))}`,
    `dpkg-query -W -f '\${Package} \${db:Status-Status}\\n' -- ${names(of("package"))}`,
    `systemctl show -p ${UNIT_PROPERTIES} -- ${names(of("unit"))}`,
    ...books.map(({ path, table }) => `sqlite3 -readonly ${quoted(path)} '${rows(table)}' | sha256sum`),
    "",
  ].join("\n");
}

const UNIT_PROPERTIES = "Id,LoadState,ActiveState,SubState,UnitFileState,DropInPaths";

function names(items: readonly { readonly name: string }[]): string {
  return items.map(({ name }) => quoted(name)).join(" ");
}

function itemsOf(plan: Plan, host: string): HostItem[] {
  return plan.declarations.filter((one) => one.host === host).flatMap(({ items }) => Object.values(items));
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
