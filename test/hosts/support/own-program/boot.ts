import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { localHosts } from "../../../../src/host-kinds/local/nspawn/index.ts";

export interface BootedMachine {
  /** The name of the local host. No other machine has had this name. */
  readonly serial: string;
  readonly ipv4Address: string;
  readonly hostKeys: readonly string[];
}

/**
 * Boots a local host that accepts the project's key as root.
 *
 * @param project the folder of Pulumi.yaml
 */
export async function bootMachine(project: string): Promise<BootedMachine> {
  const serial = `server-${randomBytes(3).toString("hex")}`;
  const publicKey = readFileSync(join(project, "key.pub"), "utf8");
  const { address, hostKeys } = await localHosts(project).create({ name: serial, publicKey });
  return { serial, ipv4Address: address, hostKeys };
}

export async function removeMachine(project: string, name: string): Promise<void> {
  await localHosts(project).remove(name);
}
