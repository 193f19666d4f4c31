import type { Case } from "./case.ts";

/** Cases that match the schema but violate a lint. */
// biome-ignore format: one line a case
export const LINTS: readonly Case[] = [
  ["a secret that two agents share", "host: east, ", "host: east, credentials: [iris-key], ", "10:3 credentials.iris-key: is used by agents iris, loom: give each its own secret, or give a reason in `sharedBecause`"],
  ["an agent without a contact", "  loom: {type: agent}\n", "", "17:70 agents.iris.routesTo[0]: \"iris\" routes to \"loom\" but has no contact \"loom\" in its contact book", "18:3 agents.loom: has no contact entry, so no other agent can find it: add \"loom\" to the contacts"],
  ["a route to an agent that is not in the contact book", "routesTo: [loom]", "routesTo: [loom], contacts: [iris]", "18:70 agents.iris.routesTo[0]: \"iris\" routes to \"loom\" but has no contact \"loom\" in its contact book"],
  ["an identity that two agents share", "{host: east", "{identity: iris, host: east", "19:10 agents.loom.identity: identity \"iris\" already belongs to agent \"iris\": each agent needs its own identity"],
  ["an agent on a host that is only observed", "address: 192.0.2.1", "address: 192.0.2.1, observe: only, hostKeys: [ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIExample]", "19:10 agents.loom.host: \"east\" is observed only: an agent needs a host with systemd that Muster is allowed to change (docs/host-kinds.md)"],
  ["a soft limit without an overflow", "routesTo: [loom]", "routesTo: [loom], queue: {soft: 3}", "18:85 agents.iris.queue.soft: needs `overflow`, the agent that gets the tasks above this load"],
  ["a soft limit above the hard limit", "routesTo: [loom]", "routesTo: [loom], queue: {soft: 3, hard: 2, overflow: loom}", "18:85 agents.iris.queue.soft: must not be larger than `hard`"],
  ["an overflow that does not exist", "routesTo: [loom]", "routesTo: [loom], queue: {hard: 2, overflow: lom}", "18:94 agents.iris.queue.overflow: no agent is named \"lom\"; did you mean \"loom\"?"],
  ["an overflow to the agent itself", "routesTo: [loom]", "routesTo: [loom], queue: {hard: 2, overflow: iris}", "18:94 agents.iris.queue.overflow: an agent cannot be its own overflow"],
  ["a relay that does not exist", "{kind: local}", "{kind: local, handoff: {relay: est}}", "5:32 hosts.hub.handoff.relay: no host is named \"est\"; did you mean \"east\"?"],
  ["a relay of itself", "{kind: local}", "{kind: local, handoff: {relay: hub}}", "5:32 hosts.hub.handoff.relay: a host cannot be its own relay"],
  ["a relay that needs a relay", "hub: {kind: local}", "hub: {kind: local, handoff: {relay: east}}\n  north: {kind: local, handoff: {relay: hub}}", "6:34 hosts.north.handoff.relay: \"hub\" needs a relay itself, so it cannot be a relay"],
  ["a variable that is set twice", "routesTo: [loom]", "routesTo: [loom], env: {API_KEY: x}", "18:48 agents.iris.credentials[0]: credential \"iris-key\" sets API_KEY, which the agent's `env` sets already"],
  ["a secret in env", "routesTo: [loom]", "routesTo: [loom], env: {MY_TOKEN: aB3dE5fG7hJ9kL1m}", "18:83 agents.iris.env.MY_TOKEN: looks like a secret: declare a credential with `env: MY_TOKEN`, and replace the secret, because it has been in fleet.yaml"],
  ["an agent that is the login of its host", "address: 192.0.2.1", "address: 192.0.2.1, user: loom", "19:3 agents.loom: \"loom\" is the login of host \"east\": ending or removing this user would lock you out; use another name here, or another login in hosts.east.user"],
  ["a former name that is the login of its host", "address: 192.0.2.1", "address: 192.0.2.1, user: ops}\nmoved: {agents: {ops: loom}", "7:18 moved.agents.ops: \"ops\" is the login of host \"east\": ending or removing this user would lock you out; use another name here, or another login in hosts.east.user"],
  ["a command that needs a shell", "config:iris-key", "exec:pass show iris | head -1", "10:20 credentials.iris-key.from: its command contains |, but no shell runs the command: put it in single quotes, or write exec:sh -c '…'"],
  ["a day that no calendar has", "env: API_KEY", "expires: 2027-02-30", "10:63 credentials.iris-key.expires: 2027-02-30 is not a day of the calendar"],
];
