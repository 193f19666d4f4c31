import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { readAccounts } from "../../src/host/accounts/read-accounts.ts";
import { readRecords } from "../../src/host/store/records.ts";
import { findKeyCopies } from "../../src/host/unmanaged/key-copies.ts";
import { secretDigest } from "../../src/model/digest.ts";
import { environmentLine } from "../../src/model/environment-line.ts";
import type { Items } from "../../src/model/items.ts";
import { AGENT, IRIS, makeWorld } from "./world.ts";

const KEY = 'canary-"key"-$0123456789';

function keyWorld(value = KEY) {
  const world = makeWorld([IRIS], undefined, AGENT);
  const path = join(world.host.paths.state, "credentials/iris/iris-key");
  const { actor: _, ...file } = world.file(path, "", { secret: "config:key", envName: "API_KEY" });
  const line = environmentLine("API_KEY", value);
  const home = { type: "directory", owner: "iris", group: "iris", mode: "0700" } as const;
  const items: Items = {
    "identity:home": { kind: "directory", path: world.home(), onRemove: "aside", want: home },
    "credentials:iris-key": { ...file, want: { ...file.want, content: secretDigest(path, line) } },
  };
  world.up(items, { secrets: { "credentials:iris-key": line } });
  const write = (name: string, text: string) => {
    mkdirSync(dirname(join(world.home(), name)), { recursive: true });
    writeFileSync(join(world.home(), name), text);
  };
  const copies = (users = ["iris"]) =>
    findKeyCopies(world.host, readAccounts(world.host.paths.etc), new Set(users), readRecords(world.host));
  return { ...world, write, copies };
}

test("a copy of a key in the home is found with its path and its credential, but without its value", () => {
  const { write, copies, home } = keyWorld();
  expect(copies()).toEqual([]);
  write(".codex/shell_snapshots/1.sh", `export API_KEY='${KEY}'\n`);
  write("notes/a.bin", `\0\0${KEY}\0`);
  write("notes/other.txt", "canary-key");
  const found = copies();
  expect(found).toEqual([
    { kind: "key copy", user: "iris", name: "iris-key", where: `${home()}/notes/a.bin` },
    { kind: "key copy", user: "iris", name: "iris-key", where: `${home()}/.codex/shell_snapshots/1.sh` },
  ]);
  expect(JSON.stringify(found)).not.toContain("0123456789");
  expect(copies(["loom"])).toEqual([]);
});

test("nothing is searched for a credential whose file was replaced by a folder", () => {
  const { write, copies, host } = keyWorld();
  write("notes.txt", KEY);
  const path = join(host.paths.state, "credentials/iris/iris-key");
  rmSync(path);
  mkdirSync(path);
  expect(copies()).toEqual([]);
});

test("links, short values and downloaded packages are not searched", () => {
  const world = keyWorld();
  writeFileSync(join(world.dir, "outside"), KEY);
  symlinkSync(join(world.dir, "outside"), join(world.home(), "link"));
  world.write("node_modules/x/index.js", KEY);
  expect(world.copies()).toEqual([]);
  const short = keyWorld("short");
  short.write("a", "short");
  expect(short.copies()).toEqual([]);
});

test("the search ends within its limits, even in a home with many files", () => {
  const { write, copies } = keyWorld();
  for (let i = 0; i < 5000; i++) write(`many/${i % 50}/${i}`, "x");
  write("zzz", KEY);
  const begin = Date.now();
  expect(copies()).toHaveLength(1);
  expect(Date.now() - begin).toBeLessThan(5000);
});
