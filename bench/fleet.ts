import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { type Layout, localFleet } from "../test/hosts/support/fleets.ts";

/** One size of a fleet in the tables: the number of hosts, and the number of agents on each host. */
export interface Cell {
  readonly hosts: number;
  readonly agents: number;
}

/** The number of contacts in each agent's contact book, as in the example fleet. */
const CONTACTS = 89;

/** The size of each SOUL.md, in bytes. */
const SOUL_SIZE = 4096;

/**
 * The program of an idle agent. The activity of an agent would change every measurement, so this program only pings
 * systemd's watchdog, which waits 60 s.
 */
const AGENT_SH = `#!/bin/sh
if ! [ -t 0 ] || ! [ -t 1 ]; then echo "no terminal" >&2; exit 1; fi
while :; do systemd-notify WATCHDOG=1 --status="awake"; sleep 25; done
`;

const EXAMPLE_CONTACTS = join(import.meta.dirname, "..", "contacts.yaml");

/** Returns a layout of the hosts h1, h2, … with the agents h1-a1, h1-a2, … */
export function layoutOf({ hosts, agents }: Cell): Layout {
  const names = numbered("h", hosts);
  return {
    hosts: names,
    agents: Object.fromEntries(names.map((host) => [host, numbered(`${host}-a`, agents)])),
  };
}

/**
 * Returns the files of a fleet with this layout. The fleet is the same as in the tests, but its contact books and its
 * SOUL.md files have a realistic size.
 *
 * @param hosts the declarations of the hosts in fleet.yaml; by default local hosts, which `up` boots
 */
export function benchFleet(layout: Layout, hosts?: Readonly<Record<string, object>>): Record<string, string> {
  const files = localFleet(layout);
  const fleet = parse(files["fleet.yaml"] ?? "") as FleetYaml;
  const strangers = exampleContacts();
  const books = Object.entries(layout.agents).flatMap(([, names]) => {
    const book = [...names, ...Object.keys(strangers).slice(0, CONTACTS - names.length)];
    return names.map((name) => [name, { ...fleet.agents[name], contacts: book }] as const);
  });
  const souls = Object.entries(files).filter(([path]) => path.startsWith("identities/"));
  return {
    ...files,
    ...Object.fromEntries(souls.map(([path, text]) => [path, text.padEnd(SOUL_SIZE, `${text}\n`)])),
    "agent.sh": AGENT_SH,
    "fleet.yaml": stringify({
      ...fleet,
      hosts: hosts ?? fleet.hosts,
      contacts: { ...strangers, ...fleet.contacts },
      agents: Object.fromEntries(books),
    }),
  };
}

interface FleetYaml {
  readonly hosts: Readonly<Record<string, object>>;
  readonly contacts: Readonly<Record<string, object>>;
  readonly agents: Readonly<Record<string, object>>;
}

/** Returns the contacts in the example that are not agents. */
function exampleContacts(): Record<string, object> {
  const all = parse(readFileSync(EXAMPLE_CONTACTS, "utf8")) as Record<string, { host?: string }>;
  return Object.fromEntries(Object.entries(all).filter(([, { host }]) => host === undefined));
}

function numbered(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, i) => `${prefix}${i + 1}`);
}
