import type { Case } from "./case.ts";

/** Cases with names that do not exist or that belong to the system. */
// biome-ignore format: one line a case
export const NAMES: readonly Case[] = [
  ["an unknown host", "host: hub", "host: hubb", "18:16 agents.iris.host: no host is named \"hubb\"; did you mean \"hub\"?"],
  ["an unknown host that resembles no other", "host: hub", "host: mainframe", "18:16 agents.iris.host: no host is named \"mainframe\""],
  ["a host with the name of a property of JavaScript objects", "host: hub", "host: constructor", "18:16 agents.iris.host: no host is named \"constructor\""],
  ["an unknown tenant", "host: hub, tenant: arc", "host: hub, tenant: ark", "18:29 agents.iris.tenant: no tenant is named \"ark\"; did you mean \"arc\"?"],
  ["an unknown identity", "host: hub", "identity: irs, host: hub", "18:20 agents.iris.identity: no identity is named \"irs\"; did you mean \"iris\"?"],
  ["an unknown credential", "credentials: [iris-key]", "credentials: [iris-kye]", "18:48 agents.iris.credentials[0]: no credential is named \"iris-kye\"; did you mean \"iris-key\"?"],
  ["an unknown contact", "routesTo: [loom]", "routesTo: [loom], contacts: [loom, lom]", "18:94 agents.iris.contacts[1]: no contact is named \"lom\"; did you mean \"loom\"?"],
  ["an unknown agent", "routesTo: [loom]", "routesTo: [loom, lom]", "18:76 agents.iris.routesTo[1]: no agent is named \"lom\"; did you mean \"loom\"?"],
  ["an unknown tenant of a reader", "tenants:\n", "readers: {ci: {key: ssh-ed25519 AAAA, tenant: ark}}\ntenants:\n", "7:47 readers.ci.tenant: no tenant is named \"ark\"; did you mean \"arc\"?"],
  ["a reader with a name that is too long", "tenants:\n", "readers: {every-pull-request: {key: ssh-ed25519 AAAA}, every-pull-requests: {key: ssh-ed25519 AAAA}}\ntenants:\n", "7:56 readers.every-pull-requests: must be at most 18 characters, because the account for its key is named after it"],
  ["a private key as the key of a reader", "tenants:\n", "readers: {ci: {key: -----BEGIN OPENSSH PRIVATE KEY-----}}\ntenants:\n", "7:21 readers.ci.key: must be a public key, such as ssh-ed25519 AAAA…; a private key does not belong here"],
  ["an unknown provider", "env: API_KEY", "provider: antropic", "10:64 credentials.iris-key.provider: no provider is named \"antropic\""],
  ["an agent without identity", "  loom: {soul: SOUL.md}\n", "", "18:3 agents.loom: has no identity: declare identities.loom, or name another identity in `identity`"],
  ["an agent with the name of a system user", "loom: {host: east", "games: {host: east", "18:70 agents.iris.routesTo[0]: no agent is named \"loom\"", "19:3 agents.games: is the name of a system user: choose another name"],
  ["an agent with the name of the deadman's folder", "loom: {host: east", "hostd: {host: east", "18:70 agents.iris.routesTo[0]: no agent is named \"loom\"", "19:3 agents.hostd: is the name of a system user: choose another name"],
  ["a tenant with the name of a system group", "arc: {}", "arc: {}\n  sudo: {}", "9:3 tenants.sudo: is the name of a system group: choose another name"],
];
