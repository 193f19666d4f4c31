import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { quoted } from "./items.ts";

/** Shell scripts that run over plain ssh, one for each host. */
export interface BareScripts {
  /** Runs all scripts simultaneously, each over a new connection. Rejects if a script fails. */
  run(): Promise<void>;
  /** The output of the last run, by host. */
  printed(): Record<string, string>;
}

/**
 * Writes the hosts' scripts, and a shell script that runs all of these scripts. The benchmark measures only the shell
 * script, not this process.
 *
 * @param dir the folder for the scripts; this function creates the folder
 * @param ssh the arguments of plain ssh to a host, without the command
 */
export function bareScripts(
  dir: string,
  scripts: Readonly<Record<string, string>>,
  ssh: (host: string) => readonly string[],
): BareScripts {
  mkdirSync(dir, { recursive: true });
  const hosts = Object.keys(scripts);
  for (const host of hosts) writeFileSync(join(dir, `${host}.sh`), scripts[host] ?? "");
  const driver = join(dir, "all.sh");
  writeFileSync(driver, driverScript(dir, hosts, ssh));
  chmodSync(driver, 0o755);
  return {
    run: async () => void (await execa(driver)),
    printed: () =>
      Object.fromEntries(hosts.map((host) => [host, readFileSync(join(dir, `${host}.out`), "utf8")])),
  };
}

function driverScript(
  dir: string,
  hosts: readonly string[],
  ssh: (host: string) => readonly string[],
): string {
  const command = (host: string) => ["ssh", ...ssh(host), "sh -s"].map(quoted).join(" ");
  const starts = hosts.map(
    (host) => `${command(host)} <${dir}/${host}.sh >${dir}/${host}.out & all="$all $!"`,
  );
  return ["#!/bin/sh", "set -eu", "all=", ...starts, "for one in $all; do wait $one; done", ""].join("\n");
}
