import { join } from "node:path";
import { parse, stringify } from "yaml";
import { localFleet, secretsFor } from "./fleets.ts";
import { makeProject, must, type Project } from "./project.ts";

export const LAYOUT = { hosts: ["east", "west"], agents: { east: ["iris", "loom"], west: ["forge"] } };

export type Side = "east" | "west";

/** Two machines, and a project that uses them as existing servers. */
export interface TwoHosts {
  readonly machines: Project;
  readonly project: Project;
  on(host: string, script: string): Promise<string>;
  edit(change: (fleet: FleetYaml) => void): void;
  dispose(): Promise<void>;
}

export interface FleetYaml {
  hosts: Record<string, Record<string, unknown>>;
  tenants: Record<string, Record<string, unknown>>;
  agents: Record<string, Record<string, unknown>>;
}

/** Boots the machines and creates the project. The project is not applied yet. */
export async function twoHosts(): Promise<TwoHosts> {
  const machines = await makeProject(localFleet({ hosts: LAYOUT.hosts, agents: {} }));
  const urns = LAYOUT.hosts.map((host) => `urn:pulumi:test::muster::muster:index:LocalHost::${host}`);
  await must(machines.pulumi(["up", "--yes", "--skip-preview", ...urns.flatMap((urn) => ["--target", urn])]));
  const { hosts } = parse(machines.read("stacks/inventory.local.yaml")) as {
    hosts: Record<string, { address: string }>;
  };
  const identityFile = join(machines.dir, ".muster/ssh/id_ed25519");
  const files = localFleet(LAYOUT);
  const entries = LAYOUT.hosts.map((host) => {
    return [
      host,
      { kind: "ssh", address: hosts[host]?.address, user: "root", identityFile, connectTimeout: 5 },
    ];
  });
  const fleet = { ...(parse(files["fleet.yaml"] ?? "") as FleetYaml), hosts: Object.fromEntries(entries) };
  fleet.agents["iris"] = { ...fleet.agents["iris"], rights: { files: ["~/notes/run setuid iris"] } };
  const project = await makeProject({ ...files, "fleet.yaml": stringify(fleet) }, secretsFor(LAYOUT));
  return {
    machines,
    project,
    on: (host, script) => machines.onHost(host, script),
    edit: (change) => {
      const yaml = parse(project.read("fleet.yaml")) as FleetYaml;
      change(yaml);
      project.write("fleet.yaml", stringify(yaml));
    },
    dispose: async () => {
      await project.dispose();
      await machines.dispose();
    },
  };
}

/** A script that creates an agent's own data, with every kind of file that a home can contain. */
export const LEARN = `
  cd /home/iris
  sqlite3 contacts.db "INSERT OR IGNORE INTO contacts (name, email) VALUES ('met', 'met@example.org')"
  [ -e notes ] || su -s /bin/sh iris -c '
    cd; umask 022; mkdir -p notes/deep "notes/a b"; echo one >"notes/a b/new\nline"; echo two >notes/deep/two
    head -c 9000000 /dev/urandom >notes/big; truncate -s 2G notes/sparse; echo end >>notes/sparse
    ln notes/deep/two notes/hard; ln -s /etc/shadow notes/away; ln -s ../.. notes/up; mkfifo notes/fifo
    echo run >notes/run; chmod 4711 notes/run; mkdir -m 0500 notes/closed; touch -d 2001-02-03 notes/deep/two'`;

/** A script that prints the part of the agent's own data that must arrive on another host. */
export const HOME = `
  cd /home/iris
  find . ! -name '*.db*' ! -type s ! -path ./.bash_history -printf '%y %m %u %g %n %p %l\\n' | sort
  find . -type f ! -name '*.db*' ! -name sparse -print0 | sort -z | xargs -0 sha256sum
  stat -c '%n %s %Y' notes/sparse notes/deep/two; tail -c 4 notes/sparse
  [ "$(stat -c %b notes/sparse)" -lt 1000 ] && echo sparse
  sqlite3 contacts.db "SELECT name, email FROM contacts ORDER BY name"`;

/**
 * A script that prints everything on a host that still belongs to the agent after it has left. The usage of earlier
 * days is left out, because it stays on the old host (docs/usage.md).
 */
export const LEFTOVERS = `
  getent passwd iris; ls -A /home | grep iris; ls -d /var/lib/muster-aside/*iris* /var/lib/muster/moves 2>/dev/null
  ls /etc/systemd/system /var/lib/muster/credentials /var/lib/muster/records/* /var/lib/muster/hostd/[!u]* | grep iris
  pgrep -u iris 2>/dev/null; true`;

/**
 * Returns the times when the agent's unit ran on a host: each start and end, in seconds. A unit that still runs has no
 * end.
 */
export async function runTimesOn({ on }: TwoHosts, host: string): Promise<[number, number][]> {
  const text = await on(host, "journalctl -u muster-agent-iris --no-pager -o short-unix || true");
  const runs: [number, number][] = [];
  for (const line of text.split("\n")) {
    const time = Number.parseFloat(line);
    if (/systemd\[1\]: Started /.test(line)) runs.push([time, Number.POSITIVE_INFINITY]);
    const last = runs.at(-1);
    if (last !== undefined && /systemd\[1\]: Stopped /.test(line)) last[1] = time;
  }
  return runs;
}

/** Returns the times when the agent ran on both hosts simultaneously. The machines have the same clock. */
export function overlaps(some: [number, number][], others: [number, number][]): unknown[] {
  return some.flatMap(([from, to]) =>
    others.filter(([start, end]) => start < to && from < end).map((other) => [[from, to], other]),
  );
}
