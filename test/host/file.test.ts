import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { describe, expect, test } from "vitest";
import type { DirectoryItem, Items } from "../../src/model/items.ts";
import { drift, makeWorld } from "./world.ts";

const SOUL = "# Iris\n\nkind\nexact\n";

function soulWorld() {
  const world = makeWorld();
  const path = `${world.home()}/SOUL.md`;
  const items: Items = { "SOUL.md": world.file(path, SOUL) };
  return { ...world, path, items };
}

describe("the host runtime", () => {
  test("writes a declared file once with its mode and missing folders, and finds no difference afterwards", () => {
    const world = makeWorld();
    const items = { "SOUL.md": world.file(`${world.home()}/a/b/SOUL.md`, SOUL, { mode: "0640" }) };
    expect(world.up(items).changed).toEqual(["SOUL.md.type"]);
    expect(readFileSync(`${world.home()}/a/b/SOUL.md`, "utf8")).toBe(SOUL);
    expect(drift(world.observe())).toEqual({});
  });

  test("changes neither an unchanged file nor its record", () => {
    const { up, items, path, host } = soulWorld();
    up(items);
    const record = `${host.paths.records}/arc~main/hub~iris~service.json`;
    const before = [statSync(path).ctimeMs, statSync(record).ctimeMs, statSync(record).ino];
    expect(up(items).changed).toEqual([]);
    expect([statSync(path).ctimeMs, statSync(record).ctimeMs, statSync(record).ino]).toEqual(before);
  });

  test("reports an edited file with the first line that differs", () => {
    const { up, observe, items, path } = soulWorld();
    up(items);
    writeFileSync(path, "# Iris\n\nrude\u001b[31m\nvague\n");
    const seen = observe().observed["SOUL.md"];
    expect(seen).toMatchObject({
      detail: [
        {
          property: "content",
          declared: "line 3: kind",
          observed: "line 3: rude\\u001b[31m (and 1 more line)",
        },
      ],
    });
    expect(up(items).changed).toEqual(["SOUL.md.content"]);
    expect(readFileSync(path, "utf8")).toBe(SOUL);
  });

  test("restores a changed mode of a file and keeps the file's inode", () => {
    const { up, observe, items, path } = soulWorld();
    up(items);
    const { ino } = statSync(path);
    chmodSync(path, 0o644);
    expect(drift(observe())).toEqual({ "SOUL.md.mode": "0644" });
    up(items);
    expect(statSync(path)).toMatchObject({ ino, mode: 0o100600 });
  });

  test.each<[string, (path: string, dir: string) => void]>([
    ["symlink", (path) => symlinkSync("/etc/hostname", path)],
    ["fifo", (path) => execFileSync("mkfifo", [path])],
    ["directory", (path) => mkdirSync(path)],
    ["absent", () => {}],
    [
      "hard link",
      (path, dir) => {
        writeFileSync(`${dir}/other`, "other's");
        linkSync(`${dir}/other`, path);
      },
    ],
  ])("reports a %s that has replaced a file, and restores the file", (type, plant) => {
    const { up, observe, items, path, dir } = soulWorld();
    up(items);
    rmSync(path);
    plant(path, dir);
    expect(observe().observed["SOUL.md"]).toMatchObject({ props: { type } });
    up(items);
    expect(drift(observe())).toEqual({});
    expect(readFileSync(path, "utf8")).toBe(SOUL);
    if (type === "hard link") expect(readFileSync(`${dir}/other`, "utf8")).toBe("other's");
  });

  test("restores a file that a folder with files has replaced, and keeps the folder beside it", () => {
    const { up, items, path, home } = soulWorld();
    mkdirSync(path);
    writeFileSync(`${path}/notes`, "mine");
    up(items);
    const aside = readdirSync(home()).find((name) => name.startsWith("SOUL.md.muster-aside-"));
    expect(readFileSync(`${home()}/${aside}/notes`, "utf8")).toBe("mine");
  });

  test("writes a file even if a folder with files is at the path of the temporary file", () => {
    const { up, observe, items, path, home } = soulWorld();
    mkdirSync(`${home()}/.SOUL.md.muster-new/full`, { recursive: true });
    up(items);
    expect(readFileSync(path, "utf8")).toBe(SOUL);
    expect(drift(observe())).toEqual({});
  });

  test("reports a file over the size limit as too large, and does not read it", () => {
    const { up, observe, items, path } = soulWorld();
    up(items);
    truncateSync(path, 17 * 1024 * 1024);
    expect(drift(observe())).toEqual({ "SOUL.md.content": "too large" });
  });

  test("reports a file as absent if a symlink has replaced its folder, and writes nothing through the link", () => {
    const world = makeWorld();
    const items = { "SOUL.md": world.file(`${world.home()}/docs/SOUL.md`, SOUL) };
    mkdirSync(`${world.dir}/elsewhere`);
    symlinkSync(`${world.dir}/elsewhere`, `${world.home()}/docs`);
    expect(world.observe(items).observed["SOUL.md"]).toEqual({ props: { type: "absent" } });
    world.up(items);
    expect(readdirSync(`${world.dir}/elsewhere`)).toEqual([]);
    expect(readFileSync(`${world.home()}/docs/SOUL.md`, "utf8")).toBe(SOUL);
  });

  test("removes a file that is no longer declared", () => {
    const world = makeWorld();
    const soul = { "SOUL.md": world.file(`${world.home()}/SOUL.md`, SOUL) };
    world.up({ ...soul, notes: world.file(`${world.home()}/notes.md`, "notes\n") });
    world.up(soul);
    expect(readdirSync(world.home())).toEqual(["SOUL.md"]);
  });

  test("removes a file with its resource, can do so twice, and leaves no record or stored content", () => {
    const world = makeWorld();
    world.up({ "SOUL.md": world.file(`${world.home()}/a/SOUL.md`, SOUL) });
    world.down();
    world.down();
    expect(readdirSync(world.home())).toEqual([]);
    expect(readdirSync(world.host.paths.records)).toEqual([]);
    expect(readdirSync(world.host.paths.contents)).toEqual([]);
  });

  test("refuses a file path that contains `..`", () => {
    const world = makeWorld();
    const items = { evil: world.file(`${world.home()}/../../x`, SOUL) };
    expect(() => world.up(items)).toThrow("not a plain absolute path");
  });
});

describe("a folder", () => {
  const folder = (path: string, more: Partial<DirectoryItem> = {}): DirectoryItem => ({
    kind: "directory",
    path,
    actor: "iris",
    want: { type: "directory", owner: "iris", group: "iris", mode: "0700" },
    ...more,
  });

  test("is created, is repaired, and is removed if it is empty", () => {
    const world = makeWorld();
    const path = `${world.home()}/work`;
    world.up({ work: folder(path) });
    chmodSync(path, 0o755);
    expect(drift(world.observe())).toEqual({ "work.mode": "0755" });
    world.up({ work: folder(path) });
    expect(drift(world.observe())).toEqual({});
    world.down();
    expect(existsSync(path)).toBe(false);
  });

  test("is kept with its other files if its resource is removed", () => {
    const world = makeWorld();
    const path = `${world.home()}/work`;
    world.up({ work: folder(path) });
    writeFileSync(`${path}/mine`, "");
    world.down();
    expect(existsSync(`${path}/mine`)).toBe(true);
  });

  test("is restored if a file has replaced it", () => {
    const world = makeWorld();
    const path = `${world.home()}/work`;
    writeFileSync(path, "");
    expect(drift(world.observe({ work: folder(path) }))).toMatchObject({ "work.type": "file" });
    world.up({ work: folder(path) });
    expect(statSync(path).isDirectory()).toBe(true);
  });

  test("is moved aside, readable only by its owner, if it contains an agent's own data", () => {
    const world = makeWorld();
    const path = `${world.home()}/data`;
    world.up({ data: folder(path, { onRemove: "aside" }) });
    writeFileSync(`${path}/learned`, "much");
    const [aside = ""] = world.down();
    expect(aside).toMatch(/\/aside\/data-\d{8}T\d{9}Z$/);
    expect(readFileSync(`${aside}/learned`, "utf8")).toBe("much");
    expect(statSync(aside).mode & 0o777).toBe(0o700);
  });
});
