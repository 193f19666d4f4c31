import type { Case } from "./case.ts";

/** Cases with broken or ambiguous YAML. */
// biome-ignore format: one line a case
export const YAML: readonly Case[] = [
  ["a key twice", "hub: {kind: local}", "hub: {kind: local}\n  hub: {kind: local}", "6:3 hosts.hub: is a duplicate key"],
  ["a section twice", "tenants:", "name: again\ntenants:", "7:1 name: is a duplicate key"],
  ["__proto__", "hub: {kind: local}", "hub: {kind: local, __proto__: {a: 1}}", "5:22 hosts.hub.__proto__: is not a known key; known keys: kind, address, port, user, identityFile, hostKeys, connectTimeout, availability, protect, start, maintenance, observe, healthy, handoff, region, size, image, backups, monitoring, ipv6, vpc, tags, bootTimeout, reservedIp, volumes, sshFrom, open, adopt, setup, replace"],
  ["a tab", "  hub: {kind: local}", "\thub: {kind: local}", "5:1: a tab is used for indentation: YAML allows only spaces", "6:1: has the wrong indentation, or a bracket before it is not closed"],
  ["a quote that never ends", "name: test", "name: \"test", "3:12: a quote, bracket or colon is missing"],
  ["a bracket that never ends", "[/bin/true]}\n  loom", "[/bin/true}\n  loom", "18:96: has the wrong indentation, or a bracket before it is not closed", "19:3: has the wrong indentation, or a bracket before it is not closed"],
  ["a colon too many", "name: test", "name: a: b", "3:7: a map cannot start on the line of its key: is there a colon too many?"],
  ["a second document", "name: test", "name: test\n---\na: b", "4:1: a second document starts here; only one is allowed"],
  ["a tag", "name: test", "name: !secret test", "3:7: has a tag (!), which is not supported here"],
  ["an alias without an anchor", "name: test", "name: *nowhere", "3:7 name: no anchor &nowhere is defined before this alias"],
  ["an alias to itself", "arc: {}", "arc: &a {x: *a}", "8:15 tenants.arc.x: no anchor &a is defined before this alias"],
  ["a merge key with text", "arc: {}", "arc: {<<: all}", "8:9 tenants.arc[\"<<\"]: can merge only maps: write <<: and the alias of a map"],
  ["a map as a key", "arc: {}", "{a: b}: c", "8:3 tenants: a key must be plain text", "18:29 agents.iris.tenant: no tenant is named \"arc\"", "19:30 agents.loom.tenant: no tenant is named \"arc\""],
  ["bad indentation", "  east:", " east:", "6:1: has the wrong indentation, or a bracket before it is not closed"],
];
