import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { localHosts } from "../cloud/local/index.ts";
import { forgetHost, pinHost } from "../inventory/write.ts";
import type { LocalMachines } from "./services.ts";

/** The project's own way into its local hosts. */
const KEY = join(".muster", "ssh", "id_ed25519");

/** The local hosts of a project; who is made or booted is written into the inventory. */
export function localMachines(project: string): LocalMachines {
  const hosts = localHosts(project);
  const up = async (name: string, progress?: (line: string) => void) => {
    const publicKey = await ensureKey(project);
    const { address, hostKeys } = await hosts.create({ name, publicKey }, progress);
    pinHost(project, "local", name, { address, user: "root", identityFile: join(project, KEY), hostKeys });
  };
  return {
    state: hosts.state,
    create: up,
    boot: up,
    remove: async (name) => {
      // Forgotten while it is still there: a run that is killed after it is gone would leave it known for ever.
      await hosts.stop(name);
      forgetHost(project, "local", name);
      await hosts.remove(name);
    },
  };
}

/** Many hosts are made at once, and the key once for all of them. */
let making: Promise<unknown> | undefined;

/** @returns the public half of the project's key pair, which is made where there is none */
export async function ensureKey(project: string): Promise<string> {
  const file = join(project, KEY);
  mkdirSync(join(project, ".muster", "ssh"), { recursive: true, mode: 0o700 });
  if (!existsSync(`${file}.pub`)) {
    making ??= makeKey(file);
    await making;
  }
  return readFileSync(`${file}.pub`, "utf8").trim();
}

/** Half of a pair that a killed run left lets nobody in, and ssh-keygen would ask whether to overwrite it. */
async function makeKey(file: string): Promise<void> {
  rmSync(file, { force: true });
  await execa("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "muster", "-f", file]);
}
