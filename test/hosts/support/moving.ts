import { join } from "node:path";
import { parse, stringify } from "yaml";
import { localFleet, secretsFor } from "./fleets.ts";
import { makeProject, must, type Project } from "./project.ts";

export const LAYOUT = { hosts: ["east", "west"], agents: { east: ["iris", "loom"], west: ["forge"] } };

export type Side = "east" | "west";

/** Two machines, and the project of somebody who has them as servers. */
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

/** Boots them; nothing of the project is up yet. */
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
  const fleet = { ...parse(files["fleet.yaml"] ?? ""), hosts: Object.fromEntries(entries) };
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

/** What an agent has of its own, of every sort that a home can hold. */
export const LEARN = `
  cd /home/iris
  sqlite3 contacts.db "INSERT OR IGNORE INTO contacts (name, email) VALUES ('met', 'met@example.org')"
  [ -e notes ] || su -s /bin/sh iris -c '
    cd; umask 022; mkdir -p notes/deep "notes/a b"; echo one >"notes/a b/new\nline"; echo two >notes/deep/two
    head -c 9000000 /dev/urandom >notes/big; truncate -s 2G notes/sparse; echo end >>notes/sparse
    ln notes/deep/two notes/hard; ln -s /etc/shadow notes/away; ln -s ../.. notes/up; mkfifo notes/fifo
    echo run >notes/run; chmod 4711 notes/run; mkdir -m 0500 notes/closed; touch -d 2001-02-03 notes/deep/two'`;

/** All of that, as far as another host should have it too. */
export const HOME = `
  cd /home/iris
  find . ! -name '*.db*' ! -type s ! -path ./.bash_history -printf '%y %m %u %g %n %p %l\\n' | sort
  find . -type f ! -name '*.db*' ! -name sparse -print0 | sort -z | xargs -0 sha256sum
  stat -c '%n %s %Y' notes/sparse notes/deep/two; tail -c 4 notes/sparse
  [ "$(stat -c %b notes/sparse)" -lt 1000 ] && echo sparse
  sqlite3 contacts.db "SELECT name, email FROM contacts ORDER BY name"`;

/** All that names the agent on a host that it left. */
export const LEFTOVERS = `
  getent passwd iris; ls -A /home | grep iris; ls -d /var/lib/muster-aside/*iris* /var/lib/muster/moves 2>/dev/null
  ls /etc/systemd/system /var/lib/muster/credentials /var/lib/muster/records/* /var/lib/muster/hostd/* | grep iris
  pgrep -u iris 2>/dev/null; true`;

/** When the agent's unit was up on a host: pairs of seconds, the last perhaps without its end. */
export async function livesOn({ on }: TwoHosts, host: string): Promise<[number, number][]> {
  const text = await on(host, "journalctl -u muster-agent-iris --no-pager -o short-unix || true");
  const lives: [number, number][] = [];
  for (const line of text.split("\n")) {
    const time = Number.parseFloat(line);
    if (/systemd\[1\]: Started /.test(line)) lives.push([time, Number.POSITIVE_INFINITY]);
    const last = lives.at(-1);
    if (last !== undefined && /systemd\[1\]: Stopped /.test(line)) last[1] = time;
  }
  return lives;
}

/** Times at which it was up on both hosts at once. The machines share a clock. */
export function overlaps(some: [number, number][], others: [number, number][]): unknown[] {
  return some.flatMap(([from, to]) =>
    others.filter(([start, end]) => start < to && from < end).map((other) => [[from, to], other]),
  );
}
