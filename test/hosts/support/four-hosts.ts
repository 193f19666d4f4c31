import { join } from "node:path";
import { execa } from "execa";
import { parse, stringify } from "yaml";
import { localHosts } from "../../../src/host-kinds/local/nspawn/index.ts";
import { localFleet, secretsFor } from "./fleets.ts";
import { makeProject, must, type Project } from "./project.ts";

/** The hosts and their agents. */
export const LAYOUT = {
  hosts: ["hub", "east", "west", "north"],
  agents: { hub: ["arc"], east: ["iris"], west: ["loom"], north: ["spark"] },
} as const;

export type Host = (typeof LAYOUT.hosts)[number];

/** Four machines, and a project that reaches these machines over ssh as existing hosts. */
export interface FourHosts {
  readonly project: Project;
  address(host: string): string;
  /**
   * Runs a script on the host as root. The connection uses the tests' own sshd, which works even if the host's sshd
   * does not work.
   */
  inside(host: string, script: string): Promise<string>;
  /** Changes the host's entry in fleet.yaml. */
  declare(host: string, entry: Readonly<Record<string, unknown>>): void;
  powerOff(host: string): Promise<void>;
  powerOn(host: string): Promise<void>;
  dispose(): Promise<void>;
}

/** Boots the machines, and creates a project with one agent on each machine. The project is not applied yet. */
export async function fourHosts(): Promise<FourHosts> {
  const machines = await makeProject(localFleet({ hosts: LAYOUT.hosts, agents: {} }));
  const targets = LAYOUT.hosts.map((host) => `urn:pulumi:test::muster::muster:index:LocalHost::${host}`);
  const boot = ["up", "--yes", "--skip-preview", ...targets.flatMap((urn) => ["--target", urn])];
  await must(machines.pulumi(boot));
  const { hosts } = parse(machines.read("stacks/inventory.local.yaml")) as Inventory;
  const address = (host: string) => hosts[host]?.address ?? "";
  const power = localHosts(machines.dir);
  const startSshd = (host: string) => machines.onHost(host, START_SSHD);
  // A fault of sshd would not be noticed over a connection that is already open.
  const env = { MUSTER_SSH_PERSIST: "0" };
  const project = await makeProject(sshFleet(machines, address), secretsFor(LAYOUT), env);
  await Promise.all(LAYOUT.hosts.map(startSshd));
  return {
    project,
    address,
    inside: async (host, script) => {
      const own = ["-p", "2222", "-o", `HostKeyAlias=${address(host)}`];
      return (await execa("ssh", [...own, ...machines.sshArguments(host), script])).stdout;
    },
    declare: (host, entry) => {
      const fleet = parse(project.read("fleet.yaml")) as FleetYaml;
      fleet.hosts[host] = { ...fleet.hosts[host], ...entry };
      project.write("fleet.yaml", stringify(fleet));
    },
    powerOff: power.stop,
    powerOn: async (host) => {
      await power.boot(host);
      await startSshd(host);
    },
    dispose: async () => {
      await project.dispose();
      await machines.dispose();
    },
  };
}

/**
 * Starts the tests' own sshd. This sshd has a copy of the host key, so that it works even after the host's key file has
 * changed. Both sshds need the folder /run/sshd, which systemd would remove when the host's sshd stops.
 */
const START_SSHD =
  "mkdir -p /run/systemd/system/ssh.service.d; " +
  "printf '[Service]\\nRuntimeDirectoryPreserve=yes\\n' > /run/systemd/system/ssh.service.d/keep.conf; " +
  "systemctl daemon-reload; " +
  "cp /etc/ssh/ssh_host_ed25519_key /root/tests-key; " +
  "systemd-run --quiet --unit=tests-sshd /usr/sbin/sshd -D -p 2222 -h /root/tests-key -o PidFile=none; " +
  "until ss -Hltn 'sport = :2222' | grep -q .; do sleep 0.1; done";

interface Inventory {
  readonly hosts: Readonly<Record<string, { readonly address: string }>>;
}

interface FleetYaml {
  readonly hosts: Record<string, Readonly<Record<string, unknown>>>;
}

function sshFleet(machines: Project, address: (host: string) => string): Record<string, string> {
  const files = localFleet(LAYOUT);
  const fleet = parse(files["fleet.yaml"] ?? "") as FleetYaml;
  const common = {
    kind: "ssh",
    user: "root",
    identityFile: join(machines.dir, ".muster/ssh/id_ed25519"),
  };
  const hosts = LAYOUT.hosts.map((host) => [host, { ...common, address: address(host) }]);
  return { ...files, "fleet.yaml": stringify({ ...fleet, hosts: Object.fromEntries(hosts) }) };
}
