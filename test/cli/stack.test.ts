import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { renderStacks } from "../../src/cli/render/stacks.ts";
import { listStacks } from "../../src/cli/stack/list.ts";
import { ensureIgnored, ensureStackKey, writePublicKey } from "../../src/cli/stack/ssh-key-pair.ts";
import { agent, fleetOf } from "../fixtures/fleet.ts";

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "muster-stack-"));
});

afterEach(() => rmSync(dir, { recursive: true }));

const write = (path: string, text: string) => {
  mkdirSync(join(dir, path, ".."), { recursive: true });
  writeFileSync(join(dir, path), text);
};

describe("a tenant's key", () => {
  test("is created once, and only the owner of the file can read the private part", () => {
    const key = ensureStackKey(dir, "north");
    expect(key).toMatch(/^ssh-ed25519 \S+$/);
    expect(ensureStackKey(dir, "north")).toBe(key);
    expect(statSync(join(dir, "stacks/north.key")).mode & 0o777).toBe(0o600);
  });

  test.each([
    ["nothing", "  north:\n"],
    ["an empty map", "  north: {}\n"],
    ["a map", "  north: {isolation: agent}\n"],
    ["a block", "  north:\n    isolation: agent\n"],
    ["another key", "  north: {key: old}\n"],
  ])("is written into fleet.yaml without any other change if the tenant has %s", (_title, tenant) => {
    const rest =
      "# ours\nkind: Fleet # a comment\nx-long: &a {text: 'a line that is longer than eighty characters, which stays a single line here'}\n\nagents:\n  iris: {<<: *a, host: hub}\n";
    write("fleet.yaml", `tenants:\n${tenant}  # the other\n  south: {}\n${rest}`);
    writePublicKey(join(dir, "fleet.yaml"), "north", "ssh-ed25519 AAAA");
    const text = readFileSync(join(dir, "fleet.yaml"), "utf8");
    expect(text).toMatch(/north:\s*(\{.*)?\s*(isolation: agent,?\s*)?key: ssh-ed25519 AAAA/);
    expect(text.endsWith(`  # the other\n  south: {}\n${rest}`)).toBe(true);
  });

  test("is ignored by git", () => {
    write(".gitignore", "node_modules/");
    expect(ensureIgnored(dir, "stacks/*.key")).toBe(true);
    expect(ensureIgnored(dir, "stacks/*.key")).toBe(false);
    ensureStackKey(dir, "north");
    execFileSync("git", ["init", "-q", dir]);
    expect(execFileSync("git", ["-C", dir, "status", "--short", "-uall"], { encoding: "utf8" })).not.toMatch(
      /north\.key$/m,
    );
  });
});

test("each stack is listed with its slice, its hosts, and its files on this machine", () => {
  write("Pulumi.yaml", "name: muster\nstackConfigDir: stacks\nruntime: nodejs\n");
  write("stacks/Pulumi.dev.yaml", "encryptionsalt: v1\n");
  write(
    "stacks/Pulumi.arc.yaml",
    "config:\n  muster:slice: tenant:arc\n  muster:key: stacks/arc.key\n  muster:x: {secure: v1}\n",
  );
  write("stacks/arc.key", "");
  const rows = listStacks({ ...fleetOf(agent()), dir });
  expect(rows).toEqual([
    { stack: "arc", slice: "tenant:arc", hosts: ["hub"], passphrase: false, key: true },
    { stack: "dev", slice: "all", hosts: ["hub"], passphrase: false },
  ]);
  expect(renderStacks(rows)).toMatch(/^arc +tenant:arc +hub +not here +here$/m);
});
