import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { removeResource } from "../../src/host/reconcile/remove.ts";
import type { DirectoryItem, Items } from "../../src/model/items.ts";
import { book, IRIS, makeWorld, OWNER, type World } from "./world.ts";

function home(world: World, name: string, onRemove: "aside" | "wipe" = "aside"): DirectoryItem {
  const want = { type: "directory", owner: IRIS.name, group: IRIS.name, mode: "0700" } as const;
  return { kind: "directory", path: `${world.dir}/home/${name}`, onRemove, want };
}

const records = ({ host }: World) => readdirSync(`${host.paths.records}/arc~main`);

describe("a renamed resource", () => {
  const renamed = { id: "hub/vera/service", formerly: ["hub/iris/service"] };
  const itemsOf = (world: World, name: string): Items => ({
    home: home(world, name),
    "SOUL.md": world.file(`${world.dir}/home/${name}/SOUL.md`, "# Iris\n"),
  });

  test("keeps its home with all its files, and has a record only under the new id", () => {
    const world = makeWorld();
    world.up(itemsOf(world, "lab"));
    writeFileSync(`${world.dir}/home/lab/notes`, "mine");
    expect(world.up(itemsOf(world, "den"), renamed).changed).toEqual([]);
    expect(readFileSync(`${world.dir}/home/den/notes`, "utf8")).toBe("mine");
    expect(existsSync(`${world.dir}/home/lab`)).toBe(false);
    expect(existsSync(world.host.paths.aside)).toBe(false);
    expect(records(world)).toEqual(["hub~vera~service.json"]);
    expect(world.up(itemsOf(world, "den"), renamed).changed).toEqual([]);
  });

  test("is complete after the next run, even if the first run was killed after the move of the home", () => {
    const world = makeWorld();
    world.up({ ...itemsOf(world, "lab"), "a.md": world.file(`${world.dir}/home/lab/a.md`, "a") });
    const blocked = { ...itemsOf(world, "den"), "b.md": world.file("/proc/none/b.md", "b") };
    expect(() => world.up(blocked, renamed)).toThrow();
    expect(existsSync(`${world.dir}/home/den/SOUL.md`)).toBe(true);
    world.up(itemsOf(world, "den"), renamed);
    expect(readdirSync(`${world.dir}/home/den`)).toEqual(["SOUL.md"]);
    expect(records(world)).toEqual(["hub~vera~service.json"]);
  });

  test("keeps its old path, and loses nothing, if a file or folder exists at the new path", () => {
    const world = makeWorld();
    world.up(itemsOf(world, "lab"));
    mkdirSync(`${world.dir}/home/den`);
    expect(() => world.up(itemsOf(world, "den"), renamed)).toThrow(/home\/den: this path already exists/);
    expect(existsSync(`${world.dir}/home/lab/SOUL.md`)).toBe(true);
    expect(records(world)).toEqual(["hub~iris~service.json"]);
  });

  test("does not take over another stack's record", () => {
    const world = makeWorld();
    world.up(itemsOf(world, "lab"), { owner: "arc/other" });
    world.up(itemsOf(world, "den"), renamed);
    expect(existsSync(`${world.dir}/home/lab/SOUL.md`)).toBe(true);
    expect(readdirSync(world.host.paths.records).sort()).toEqual(["arc~main", "arc~other"]);
  });
});

test("a folder that was created for a file is removed with the file if the folder contains no other files", () => {
  const world = makeWorld();
  const at = (path: string) => ({ [path]: world.file(`${world.home()}/${path}`, "text") });
  world.up({ ...at("a/deep/one"), ...at("b/two"), ...at("c") });
  writeFileSync(`${world.home()}/b/own`, "mine");
  world.up(at("c"));
  expect(readdirSync(world.home()).sort()).toEqual(["b", "c"]);
  expect(readdirSync(`${world.home()}/b`)).toEqual(["own"]);
});

describe("a folder that two resources share", () => {
  test("is kept as long as at least one of the resources declares it", () => {
    const world = makeWorld();
    const items = { home: home(world, "lab") };
    world.up(items);
    world.up(items, { id: "hub/two/service" });
    world.down();
    expect(existsSync(`${world.dir}/home/lab`)).toBe(true);
    world.up(items, { id: "hub/three/service" });
    world.up({}, { id: "hub/two/service" });
    expect(existsSync(`${world.dir}/home/lab`)).toBe(true);
    removeResource(world.host, { op: "remove", id: "hub/three/service", owner: OWNER, items: {} });
    expect(existsSync(`${world.dir}/home/lab`)).toBe(false);
  });
});

describe("a removed home", () => {
  test("is reported with its new path if an agent with the same home is created again", () => {
    const world = makeWorld();
    world.up({ home: home(world, "lab") });
    const [aside = ""] = world.down();
    expect(aside).toMatch(/\/aside\/lab-\d{8}T\d{9}Z$/);
    mkdirSync(`${world.host.paths.aside}/lab-two-20260102T030405678Z`);
    expect(world.up({ home: home(world, "lab") }).kept).toEqual([aside]);
    expect(world.up({ home: home(world, "lab") }).kept).toBeUndefined();
  });

  test("is deleted completely if fleet.yaml says so, together with the contacts that its agent has learned", () => {
    const world = makeWorld();
    const { item, contents } = book(`${world.home()}/contacts.db`, { loom: { email: "l@example.org" } });
    world.up({ home: home(world, "lab", "wipe"), book: { ...item, onRemove: "wipe" } }, { contents });
    mkdirSync(`${world.dir}/home/lab/deep`);
    writeFileSync(`${world.dir}/home/lab/deep/notes`, "lost");
    expect(world.down()).toEqual([]);
    expect(existsSync(`${world.dir}/home/lab`)).toBe(false);
    expect(readdirSync(world.host.paths.aside)).toEqual([]);
  });
});
