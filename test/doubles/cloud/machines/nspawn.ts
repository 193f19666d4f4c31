import { existsSync, mkdirSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { writeFileLocked } from "../../../../src/base/files.ts";
import { withHelperLock } from "../../../../src/host-kinds/local/nspawn/helper/helper-lock.ts";
import { BRIDGE, freeAddress, gatewayOf } from "../../../../src/host-kinds/local/nspawn/helper/network.ts";
import { type HostFile, readHostFile } from "../../../../src/host-kinds/local/nspawn/host-file.ts";
import { localHosts } from "../../../../src/host-kinds/local/nspawn/index.ts";
import { hostPaths } from "../../../../src/host-kinds/local/nspawn/local-host-paths.ts";
import { localDir } from "../../../../src/host-kinds/local/nspawn/local-host-state.ts";
import { cloudInitScript } from "./cloud-init.ts";
import { disksIn } from "./disks.ts";
import type { MachineOrder, Machines } from "./machines.ts";

/**
 * Returns real hosts as the machines of droplets. Each droplet is one of Muster's local hosts, in the cloud's folder.
 * The host is created with a key that only the cloud double has. With this key, the double installs the droplet's keys
 * for root, as cloud-init does.
 *
 * @param dir the cloud's folder
 */
export function nspawnMachines(dir: string): Machines & { removeAll(): Promise<void> } {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const local = localHosts(dir);
  const place = (id: number) => hostPaths(localDir(), realpathSync(dir), nameOf(id));
  const led = new Map<string, number>();
  const disks = disksIn(dir);
  const run = (id: number, script: string) => runAsRoot(dir, hostFile(place(id).dir), script);
  const leadHere = async (address: string, id: number): Promise<void> => {
    await run(id, `ip address replace ${address}/32 dev host0`);
    await execa("ip", ["route", "replace", `${address}/32`, "dev", BRIDGE]);
    await execa("ip", ["neighbour", "flush", "to", address, "dev", BRIDGE]);
    led.set(address, id);
  };
  const powerOn = async (id: number): Promise<void> => {
    await local.boot(nameOf(id));
    for (const [address, to] of led) if (to === id) await leadHere(address, id);
    await disks.restore(place(id).dir);
  };
  return {
    create: async (id, order) => {
      await local.prepare();
      const { address } = await local.create({ name: nameOf(id), publicKey: await ownKey(dir) });
      await run(id, firstBoot(order));
      return address;
    },
    powerOff: (id) => local.stop(nameOf(id)),
    powerOn,
    rebuild: async (id, order) => {
      await local.stop(nameOf(id));
      await renewDisk(place(id).dir, hostFile(place(id).dir));
      await powerOn(id);
      await run(id, firstBoot(order));
    },
    changeAddress: async (id) => {
      await local.stop(nameOf(id));
      const address = await giveFreeAddress(place(id).dir);
      await powerOn(id);
      return address;
    },
    remove: async (id) => {
      if (local.find(nameOf(id)) !== undefined || local.state(nameOf(id)) !== "absent") {
        await local.remove(nameOf(id));
      }
    },
    lead: async (address, from, to) => {
      led.delete(address);
      if (from !== null && local.state(nameOf(from)) === "running") {
        await run(from, `ip address delete ${address}/32 dev host0 2>/dev/null || true`);
      }
      if (to !== null) await leadHere(address, to);
      else await execa("ip", ["route", "delete", `${address}/32`, "dev", BRIDGE], { reject: false });
    },
    attach: (id, disk) => disks.attach(place(id).dir, disk),
    detach: (id, disk) => disks.detach(place(id).dir, disk),
    resizeDisk: disks.resize,
    removeDisk: disks.remove,
    run,
    removeAll: async () => {
      for (const address of led.keys()) {
        await execa("ip", ["route", "delete", `${address}/32`, "dev", BRIDGE], { reject: false });
      }
      await Promise.all(local.list().map((name) => local.remove(name)));
      await disks.removeAll();
    },
  };
}

function nameOf(id: number): string {
  return `droplet-${id}`;
}

function hostFile(hostDir: string): HostFile {
  const file = readHostFile(hostDir);
  if (file === undefined) throw new Error(`there is no host in ${hostDir}`);
  return file;
}

/**
 * Gives a host a free address. Takes the lock for local hosts, because another process on this machine might choose an
 * address at the same time.
 */
function giveFreeAddress(hostDir: string): Promise<string> {
  return withHelperLock("machine", async () => {
    const address = await freeAddress(localDir());
    const config = `ADDRESS=${address}/24\nGATEWAY=${gatewayOf(address)}\n`;
    writeFileSync(join(hostDir, "config/address"), config);
    writeHostFile(hostDir, { ...hostFile(hostDir), address });
    return address;
  });
}

function writeHostFile(hostDir: string, file: HostFile): void {
  writeFileLocked(join(hostDir, "host.json"), `${JSON.stringify(file, null, 2)}\n`);
}

/** The keys that are being created, by file. Simultaneous creations of droplets share one key. */
const making = new Map<string, Promise<unknown>>();

/** Returns the public key with which the double logs in to its hosts. The first call creates the key pair. */
async function ownKey(dir: string): Promise<string> {
  const file = join(dir, "id_ed25519");
  if (!making.has(file) && !existsSync(file)) {
    making.set(file, execa("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "cloud", "-f", file]));
  }
  await making.get(file);
  return readFileSync(`${file}.pub`, "utf8");
}

function firstBoot({ name, publicKeys, userData }: MachineOrder): string {
  const keys = publicKeys.map((key) => `${key.trim()}\n`).join("");
  return `set -e
echo ${name} >/etc/hostname
hostname ${name}
printf '127.0.0.1 localhost\\n127.0.1.1 ${name}\\n::1 localhost\\n' >/etc/hosts
install -d -m 700 /root/.ssh
printf %s '${Buffer.from(keys).toString("base64")}' | base64 -d >/root/.ssh/authorized_keys
chmod 600 /root/.ssh/authorized_keys
${cloudInitScript(userData)}`;
}

/** Gives the host a new disk from the same Debian base, with new host keys and the same address. */
async function renewDisk(hostDir: string, file: HostFile): Promise<void> {
  const upper = join(hostDir, "disk/upper");
  const ssh = join(upper, "etc/ssh");
  const machineId = readFileSync(join(upper, "etc/machine-id"));
  await execa("find", [upper, "-mindepth", "1", "-delete"]);
  mkdirSync(ssh, { recursive: true });
  writeFileSync(join(upper, "etc/machine-id"), machineId);
  const key = join(ssh, "ssh_host_ed25519_key");
  await execa("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", file.name, "-f", key]);
  const hostKey = readFileSync(`${key}.pub`, "utf8").split(" ").slice(0, 2).join(" ");
  writeHostFile(hostDir, { ...file, hostKeys: [hostKey] });
}

async function runAsRoot(
  dir: string,
  { name, address, hostKeys }: HostFile,
  script: string,
): Promise<string> {
  const known = join(dir, `known-${name}`);
  writeFileSync(known, hostKeys.map((key) => `${address} ${key}\n`).join(""));
  const options = ["BatchMode=yes", "LogLevel=ERROR", "ConnectTimeout=10", "StrictHostKeyChecking=yes"];
  const args = [...options, `UserKnownHostsFile=${known}`, "IdentitiesOnly=yes"].flatMap((one) => [
    "-o",
    one,
  ]);
  const login = ["-F", "none", "-i", join(dir, "id_ed25519"), ...args, `root@${address}`, "sh -s"];
  return (await execa("ssh", login, { input: script })).stdout;
}
