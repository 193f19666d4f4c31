import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { type HostAddress, type LocalHosts, localHosts } from "../src/host-kinds/local/nspawn/index.ts";
import { makeKey } from "../test/hosts/support/sshd.ts";

/**
 * Running hosts, like a person's own servers. The only part of Muster on these hosts is its Node (see `bootMachines`).
 */
export interface Machines {
  /** The declarations of the hosts in fleet.yaml. */
  readonly specs: Readonly<Record<string, SshSpec>>;
  /** The arguments of plain ssh to a host as root, without the command. */
  ssh(host: string): string[];
  /**
   * Runs a script on a host.
   *
   * @returns its standard output
   */
  run(host: string, script: string): Promise<string>;
  /** Stops the hosts and deletes their disks. */
  remove(): Promise<void>;
}

export interface SshSpec {
  readonly kind: "ssh";
  readonly address: string;
  readonly user: string;
  readonly identityFile: string;
  readonly hostKeys: readonly string[];
}

/**
 * Boots new local hosts, and waits until systemd has finished the boot of each host. The hosts share a Debian base that
 * contains Muster's Node, so a first `up` sends only the bundle.
 */
export async function bootMachines(hosts: readonly string[]): Promise<Machines> {
  const dir = mkdtempSync(join(tmpdir(), "muster-bench-"));
  const local = localHosts(dir);
  const remove = () => removeAll(dir, local);
  try {
    const identityFile = join(dir, "id_ed25519");
    await makeKey(identityFile);
    const publicKey = readFileSync(`${identityFile}.pub`, "utf8");
    // Wait for all hosts, so that no host is created while other hosts are removed.
    const addresses = await Promise.allSettled(hosts.map((name) => local.create({ name, publicKey })));
    const specs = Object.fromEntries(
      hosts.map((name, i) => [name, specOf(madeOrThrow(addresses[i]), identityFile)]),
    );
    const machines = { specs, remove, ...sshInto(dir, specs) };
    // The command fails if a unit has failed. This failure is ignored, because the unit cannot belong to Muster.
    await Promise.all(hosts.map((host) => machines.run(host, "systemctl is-system-running --wait || true")));
    return machines;
  } catch (error) {
    await remove();
    throw error;
  }
}

function specOf({ address, hostKeys }: HostAddress, identityFile: string): SshSpec {
  return { kind: "ssh", address, user: "root", identityFile, hostKeys };
}

function madeOrThrow<T>(settled: PromiseSettledResult<T> | undefined): T {
  if (settled?.status === "fulfilled") return settled.value;
  throw settled?.reason;
}

function sshInto(dir: string, specs: Readonly<Record<string, SshSpec>>): Pick<Machines, "ssh" | "run"> {
  const known = join(dir, "known_hosts");
  const lines = Object.values(specs).flatMap(({ address, hostKeys }) =>
    hostKeys.map((key) => `${address} ${key}\n`),
  );
  writeFileSync(known, lines.join(""));
  const ssh = (host: string): string[] => [
    ...["-i", join(dir, "id_ed25519"), "-o", "BatchMode=yes", "-o", "LogLevel=ERROR"],
    ...["-o", `UserKnownHostsFile=${known}`, "-o", "StrictHostKeyChecking=yes", "-o", "ConnectTimeout=10"],
    `root@${specs[host]?.address}`,
  ];
  return { ssh, run: async (host, script) => (await execa("ssh", [...ssh(host), script])).stdout };
}

async function removeAll(dir: string, local: LocalHosts): Promise<void> {
  await Promise.all(local.list().map((name) => local.remove(name)));
  rmSync(dir, { recursive: true, force: true });
}
