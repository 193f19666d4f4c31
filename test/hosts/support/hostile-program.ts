import { execa } from "execa";
import type { Project } from "./project.ts";

/**
 * A program that a hostile agent might run. In a loop, it replaces files in the agent's home by symlinks to `aims`,
 * hard links, fifos and folders. Its arguments are a seed, the home and the aims.
 */
const ENEMY = `
const fs = require("node:fs"), { execFileSync } = require("node:child_process");
const [seed, home, ...aims] = process.argv.slice(1);
let state = Number(seed);
const random = (n) => Math.floor(((state = (state * 1103515245 + 12345) % 2147483648) / 2147483648) * n);
const quiet = (act) => { try { act(); } catch {} };
process.chdir(home);
fs.writeFileSync("mine", "mine");
quiet(() => execFileSync("mkfifo", ["pipe"]));
const names = ["SOUL.md", "bin", "bin/tool", "agent.sh", "contacts.db", "contacts.db-wal", "contacts.db-journal",
  ".SOUL.md.muster-new", "bin/.tool.muster-new"];
const nap = new Int32Array(new SharedArrayBuffer(4));
for (;;) {
  const name = names[random(names.length)];
  const spare = "spare" + random(4);
  quiet(() => fs.renameSync(name, spare));
  quiet([
    () => fs.symlinkSync(aims[random(aims.length)], name),
    () => fs.symlinkSync(aims[random(aims.length)], name),
    () => fs.linkSync("mine", name),
    () => fs.linkSync("pipe", name),
    () => fs.mkdirSync(name),
    () => fs.renameSync(spare, name),
  ][random(6)]);
  if (random(3) === 0) quiet(() => fs.rmSync(name, { recursive: true, force: true }));
  Atomics.wait(nap, 0, 0, 1);
}`;

/**
 * Starts the program on a host over ssh with an agent's uid and group, and no other rights.
 *
 * @returns a function that stops the program, and fails if the program is no longer running
 */
export async function startHostileProgram(
  project: Project,
  host: string,
  agent: { readonly user: string; readonly group: string },
  seed: number,
  aims: readonly string[],
): Promise<() => Promise<void>> {
  const home = `/home/${agent.user}`;
  const unit = ["--unit=enemy", `--uid=${agent.user}`, `--gid=${agent.group}`, "--collect", "--quiet"];
  const node = "$(echo /usr/local/lib/muster/node-*/node)";
  const start = `IFS= read -r -d '' text; systemd-run ${unit.join(" ")} ${node} -e "$text" ${seed} ${home} ${aims.join(" ")}`;
  await execa("ssh", [...project.sshArguments(host), `bash -c '${start.replaceAll("'", `'\\''`)}'`], {
    input: `${ENEMY}\0`,
  });
  return async () => {
    await project.onHost(host, "systemctl is-active enemy && systemctl kill --signal=KILL enemy");
    await project.onHost(host, "while systemctl is-active -q enemy; do sleep 0.1; done; true");
  };
}
