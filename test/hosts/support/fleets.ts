import { stringify } from "yaml";

/** An agent's program that needs a real terminal and pings systemd's watchdog. */
export const AGENT_SH = `#!/bin/sh
if ! [ -t 0 ] || ! [ -t 1 ]; then echo "no terminal" >&2; exit 1; fi
while :; do systemd-notify WATCHDOG=1 --status="awake"; sleep 5; done
`;

export interface Layout {
  readonly hosts: readonly string[];
  /** The names of the agents by host, in the order of fleet.yaml. */
  readonly agents: Readonly<Record<string, readonly string[]>>;
}

/**
 * Returns the files of a fleet on local hosts: one tenant, and for each agent an identity, a credential and contacts.
 */
export function localFleet({ hosts, agents }: Layout): Record<string, string> {
  const names = Object.values(agents).flat();
  const by = <T>(make: (name: string) => T) => Object.fromEntries(names.map((name) => [name, make(name)]));
  const fleet = {
    apiVersion: "muster/v1",
    kind: "Fleet",
    name: "test",
    // Tests change the same property several times. day-two.test.ts covers recurring findings.
    recurrence: { within: "1s" },
    hosts: Object.fromEntries(hosts.map((host) => [host, { kind: "local" }])),
    tenants: { arc: {} },
    credentials: Object.fromEntries(
      names.map((name) => [
        `${name}-key`,
        { from: `config:${name}-key`, type: "api-key", env: "ANTHROPIC_API_KEY" },
      ]),
    ),
    identities: by((name) => ({
      soul: `identities/${name}.md`,
      files: { "agent.sh": { from: "agent.sh", mode: "0755" } },
    })),
    contacts: by((name) => ({ display_name: name, type: "agent", email: `${name}@example.org` })),
    agents: Object.fromEntries(
      Object.entries(agents).flatMap(([host, list]) => list.map((name) => [name, agent(name, host)])),
    ),
  };
  return {
    "fleet.yaml": stringify(fleet),
    "agent.sh": AGENT_SH,
    ...Object.fromEntries(names.map((name) => [`identities/${name}.md`, `# ${name}\n\nI am ${name}.\n`])),
  };
}

function agent(name: string, host: string) {
  return {
    host,
    tenant: "arc",
    identity: name,
    credentials: [`${name}-key`],
    command: ["/bin/sh", "agent.sh"],
    watchdog: 60,
    // Restart immediately, because tests do not wait until an agent is idle.
    onChange: "now",
  };
}

/** Returns a made-up secret for each agent in a layout, by the secret's name. */
export function secretsFor({ agents }: Layout): Record<string, string> {
  return Object.fromEntries(
    Object.values(agents)
      .flat()
      .map((name) => [`${name}-key`, `sk-${name}-0123456789`]),
  );
}
