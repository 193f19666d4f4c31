import type { Case } from "./case.ts";

/** Cases with text that could harm a terminal, a unit or a table. */
// biome-ignore format: one line a case
export const TEXT: readonly Case[] = [
  ["a newline", "[/bin/true]}\n  loom", "[/bin/sh, \"a\\nb\"]}\n  loom", "18:96 agents.iris.command[1]: must be one line without control characters or reversed text"],
  ["an escape sequence", "iris: {type: agent}", "iris: {type: agent, notes: \"\\e[31mred\"}", "15:30 contacts.iris.notes: must be one line without control characters or reversed text"],
  ["reversed text", "iris: {type: agent}", "iris: {type: agent, notes: \"a\u202eb\"}", "15:30 contacts.iris.notes: must be one line without control characters or reversed text"],
  ["half a character", "iris: {type: agent}", "iris: {type: agent, notes: \"\\uD800\"}", "15:30 contacts.iris.notes: must be one line without control characters or reversed text"],
  ["an escape sequence in a key", "{kind: local}", "{kind: local, \"\\e[2Ja\": 1}", "5:22 hosts.hub[\"\\u001b[2Ja\"]: is not a known key; known keys: kind, address, port, user, identityFile, hostKeys, connectTimeout, availability, protect, start, maintenance, observe, healthy, handoff, region, size, image, backups, monitoring, ipv6, vpc, tags, bootTimeout, reservedIp, volumes, sshFrom, open, adopt, setup, replace"],
  ["a trailing newline", "routesTo: [loom]", "routesTo: [loom], env: {A: \"a\\n\"}", "18:86 agents.iris.env.A: must be one line without control characters or reversed text"],
];
