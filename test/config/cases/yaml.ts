import type { Case } from "./case.ts";

/** YAML that cannot be what its author meant. */
// biome-ignore format: one line a case
export const YAML: readonly Case[] = [
  ["a key twice", "hub: {kind: local}", "hub: {kind: local}\n  hub: {kind: local}", "6:3 hosts.hub: stands here twice"],
  ["a section twice", "tenants:", "name: again\ntenants:", "7:1 name: stands here twice"],
  ["__proto__", "hub: {kind: local}", "hub: {kind: local, __proto__: {a: 1}}", "5:22 hosts.hub.__proto__: is not a known key; known here: kind, address, port, user, identityFile, hostKeys, connectTimeout, availability, protect, maintenance, observe, healthy, region, size, image, backups, monitoring, ipv6, vpc, tags, bootTimeout, reservedIp, volumes, sshFrom, open, adopt, setup, replace"],
  ["a tab", "  hub: {kind: local}", "\thub: {kind: local}", "5:1: a tab stands where spaces must: YAML is indented with spaces", "6:1: is indented unlike its neighbours, or a bracket before it is not closed"],
  ["a quote that never ends", "name: test", "name: \"test", "3:12: a quote, bracket or colon is missing"],
  ["a bracket that never ends", "[/bin/true]}\n  loom", "[/bin/true}\n  loom", "18:96: is indented unlike its neighbours, or a bracket before it is not closed", "19:3: is indented unlike its neighbours, or a bracket before it is not closed"],
  ["one colon too many", "name: test", "name: a: b", "3:7: a map cannot begin on the line of its key: is there one colon too many?"],
  ["a second document", "name: test", "name: test\n---\na: b", "4:1: a second document begins here"],
  ["a tag", "name: test", "name: !secret test", "3:7: has a tag (!) that has no meaning here"],
  ["an alias to nowhere", "name: test", "name: *nowhere", "3:7 name: no anchor &nowhere stands before this alias"],
  ["an alias to itself", "arc: {}", "arc: &a {x: *a}", "8:15 tenants.arc.x: no anchor &a stands before this alias"],
  ["a merge of text", "arc: {}", "arc: {<<: all}", "8:9 tenants.arc[\"<<\"]: merges what is no map: write <<: *anchor of a map"],
  ["a map as a key", "arc: {}", "{a: b}: c", "8:3 tenants: a key must be a plain word", "18:29 agents.iris.tenant: no tenant is named \"arc\"", "19:30 agents.loom.tenant: no tenant is named \"arc\""],
  ["bad indentation", "  east:", " east:", "6:1: is indented unlike its neighbours, or a bracket before it is not closed"],
];
