import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { basename } from "node:path";
import { describe, expect, test } from "vitest";
import { history } from "../../src/host/reports/history.ts";
import { keepBytes } from "../../src/host/store/kept-copies.ts";
import { explainImmutable } from "../../src/host/system/immutable-file-error.ts";
import type { RunProgram } from "../../src/host/system/run-program.ts";
import type { DirectoryItem, FileItem, Items } from "../../src/model/items.ts";
import { drift, makeWorld } from "./world.ts";

const SOUL = "# Iris\n\nkind\nexact\n";

function soulWorld() {
  const world = makeWorld();
  const path = `${world.home()}/SOUL.md`;
  const items: Items = { "SOUL.md": world.file(path, SOUL) };
  return { ...world, path, items };
}

describe("the host runtime", () => {
  test("writes a declared file and its missing folders once, and finds no difference afterwards", () => {
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

  test("restores a changed mode of a file without replacing the file", () => {
    const { up, observe, items, path } = soulWorld();
    up(items);
    const { ino } = statSync(path);
    chmodSync(path, 0o644);
    expect(drift(observe())).toEqual({ "SOUL.md.mode": "0644" });
    up(items);
    expect(statSync(path)).toMatchObject({ ino, mode: 0o100600 });
  });

  test.each<[string, (path: string) => void]>([
    ["fifo", (path) => execFileSync("mkfifo", [path])],
    ["directory", (path) => mkdirSync(path)],
    ["absent", () => {}],
  ])("reports a changed type of a file, and restores the file: %s", (type, plant) => {
    const { up, observe, items, path } = soulWorld();
    up(items);
    rmSync(path);
    plant(path);
    expect(observe().observed["SOUL.md"]).toMatchObject({ props: { type } });
    up(items);
    expect(drift(observe())).toEqual({});
    expect(readFileSync(path, "utf8")).toBe(SOUL);
  });

  test.each<[string, string, (path: string, dir: string) => void]>([
    ["symlink", "which does not exist", (path) => symlinkSync("nowhere", path)],
    ["symlink", "which leads in a circle", (path) => symlinkSync("SOUL.md", path)],
    [
      "hard link",
      "its file has other names too",
      (path, dir) => {
        writeFileSync(`${dir}/other`, "other's");
        linkSync(`${dir}/other`, path);
      },
    ],
  ])("refuses and keeps a %s at the path of a file: %s", (type, why, plant) => {
    const { up, observe, items, path, dir } = soulWorld();
    rmSync(path, { force: true });
    plant(path, dir);
    const before = lstatSync(path);
    const seen = observe(items).observed["SOUL.md"];
    expect(seen).toMatchObject({ props: { type }, refusal: { why: expect.stringContaining(why) } });
    expect(() => up(items)).toThrow(why);
    expect(lstatSync(path)).toMatchObject({ ino: before.ino, ctimeMs: before.ctimeMs });
  });

  test("follows a symlink to a file in a folder of the agent, and keeps the symlink", () => {
    const { up, observe, items, path, home } = soulWorld();
    mkdirSync(`${home()}/dotfiles`);
    writeFileSync(`${home()}/dotfiles/soul`, "old\n");
    symlinkSync("dotfiles/soul", path);
    expect(up(items).overwritten).toHaveLength(1);
    expect(readFileSync(`${home()}/dotfiles/soul`, "utf8")).toBe(SOUL);
    expect(lstatSync(path).isSymbolicLink()).toBe(true);
    expect(drift(observe())).toEqual({});
  });

  test("keeps one copy of the text of an edited file, and keeps no copy of a text that Muster wrote", () => {
    const world = soulWorld();
    const { up, items, path, host } = world;
    up(items);
    for (let round = 0; round < 2; round++) {
      writeFileSync(path, "learned\n");
      const [one] = up(items).overwritten ?? [];
      expect(one?.path).toBe(path);
      expect(readFileSync(one?.kept ?? "", "utf8")).toBe("learned\n");
      expect(statSync(one?.kept ?? "").mode & 0o777).toBe(0o600);
    }
    expect(up({ "SOUL.md": world.file(path, "new\n") }).overwritten).toBeUndefined();
    expect(readdirSync(`${host.paths.aside}/overwritten`)).toHaveLength(1);
    const { events } = history(host, { op: "history", last: 10 });
    expect(events).toMatchObject([{ event: "kept" }, { event: "kept" }]);
  });

  test("reports that somebody has made a file immutable if this prevents the replacement of the file", () => {
    const { host, up, items, path } = soulWorld();
    up(items);
    writeFileSync(path, "by hand\n");
    const immutable: RunProgram = (program, args, options) =>
      program === "lsattr"
        ? { status: 0, stdout: `----i---------e------- ${args.at(-1)}\n`, stderr: "" }
        : host.run(program, args, options);
    const error = explainImmutable(
      { ...host, run: immutable },
      items["SOUL.md"] as FileItem,
      new Error("EPERM"),
    );
    expect(`${error}`).toContain(`${path} is immutable or append-only, so nobody can replace it.`);
    expect(`${error}`).toContain(`chattr -i -a ${path}`);
  });

  test("deletes the oldest copies of former texts if all copies together are too large", () => {
    const { host } = soulWorld();
    const folder = `${host.paths.aside}/overwritten`;
    mkdirSync(folder, { recursive: true });
    const old = ["2025", "2026"].map((year) => `home~iris~log-${year}0101T000000000Z-0123456789ab`);
    for (const name of old) {
      writeFileSync(`${folder}/${name}`, "");
      truncateSync(`${folder}/${name}`, 200 * 1024 * 1024);
    }
    const kept = basename(keepBytes(host, "/home/iris/SOUL.md", Buffer.from("learned")));
    expect(readdirSync(folder).sort()).toEqual([kept, old[1]].sort());
  });

  test("writes a file with `write: once` only if the file is missing", () => {
    const world = soulWorld();
    const { path, observe, up } = world;
    const once = (text: string): Items => ({ "MEMORY.md": { ...world.file(path, text), write: "once" } });
    up(once("first\n"));
    writeFileSync(path, "learned\n");
    chmodSync(path, 0o644);
    expect(drift(observe(once("second\n")))).toEqual({});
    expect(up(once("second\n")).changed).toEqual([]);
    expect(readFileSync(path, "utf8")).toBe("learned\n");
    rmSync(path);
    expect(drift(observe())).toMatchObject({ "MEMORY.md.type": "absent" });
    up(once("second\n"));
    expect(readFileSync(path, "utf8")).toBe("second\n");
    up({});
    expect(readFileSync(path, "utf8")).toBe("second\n");
  });

  test("keeps a copy of the text of a changed file that is no longer declared", () => {
    const { up, items, path } = soulWorld();
    up(items);
    writeFileSync(path, "learned\n");
    const [one] = up({}).overwritten ?? [];
    expect(existsSync(path)).toBe(false);
    expect(readFileSync(one?.kept ?? "", "utf8")).toBe("learned\n");
  });

  test("restores a file that a folder with files has replaced, and keeps that folder for root", () => {
    const { up, items, path } = soulWorld();
    mkdirSync(path);
    writeFileSync(`${path}/notes`, "mine");
    const [one] = up(items).overwritten ?? [];
    expect(readFileSync(`${one?.kept}/notes`, "utf8")).toBe("mine");
    expect(statSync(one?.kept ?? "").mode & 0o777).toBe(0o700);
  });

  test("writes a file even if a folder with files is at the path of the temporary file", () => {
    const { up, observe, items, path, home } = soulWorld();
    mkdirSync(`${home()}/.SOUL.md.muster-new/full`, { recursive: true });
    up(items);
    expect(readFileSync(path, "utf8")).toBe(SOUL);
    expect(drift(observe())).toEqual({});
  });

  test("reports a file over the size limit as too large, and does not read this file", () => {
    const { up, observe, items, path } = soulWorld();
    up(items);
    truncateSync(path, 17 * 1024 * 1024);
    expect(drift(observe())).toEqual({ "SOUL.md.content": "too large" });
  });

  test("follows a symlink at the path of a file's folder, and keeps the symlink", () => {
    const world = makeWorld();
    const items = { "SOUL.md": world.file(`${world.home()}/docs/SOUL.md`, SOUL) };
    mkdirSync(`${world.dir}/elsewhere`);
    symlinkSync(`../../elsewhere`, `${world.home()}/docs`);
    expect(world.observe(items).observed["SOUL.md"]).toMatchObject({ props: { type: "absent" } });
    world.up(items);
    expect(readFileSync(`${world.dir}/elsewhere/SOUL.md`, "utf8")).toBe(SOUL);
    expect(lstatSync(`${world.home()}/docs`).isSymbolicLink()).toBe(true);
    world.down();
    expect(readdirSync(`${world.dir}/elsewhere`)).toEqual([]);
    expect(lstatSync(`${world.home()}/docs`).isSymbolicLink()).toBe(true);
  });

  test("removes a file that is no longer declared", () => {
    const world = makeWorld();
    const soul = { "SOUL.md": world.file(`${world.home()}/SOUL.md`, SOUL) };
    world.up({ ...soul, notes: world.file(`${world.home()}/notes.md`, "notes\n") });
    world.up(soul);
    expect(readdirSync(world.home())).toEqual(["SOUL.md"]);
  });

  test("removes a file together with its resource, and leaves no record and no stored content", () => {
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

  test("is restored if a file has replaced the folder, and this file is kept", () => {
    const world = makeWorld();
    const path = `${world.home()}/work`;
    writeFileSync(path, "notes");
    expect(drift(world.observe({ work: folder(path) }))).toMatchObject({ "work.type": "file" });
    const [one] = world.up({ work: folder(path) }).overwritten ?? [];
    expect(statSync(path).isDirectory()).toBe(true);
    expect(readFileSync(one?.kept ?? "", "utf8")).toBe("notes");
  });

  test("is moved to an archive with mode 0700 if it contains an agent's own data", () => {
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
