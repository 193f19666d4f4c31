import { createHash } from "node:crypto";
import { chmodSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, test } from "vitest";
import { type SyncOrder, syncDatabase } from "../../src/host/sqlite/repair-database.ts";
import { type RunProgram, runProgram } from "../../src/host/system/run-program.ts";
import { AS_DECLARED, type Contents, type Items } from "../../src/model/items.ts";
import { dyingAt } from "./dying.ts";
import { book, makeAgentWorld, type Table, type World } from "./world.ts";

const LOOM = { loom: { email: "loom@example.org" } };
const FORGE = { forge: { email: "forge@example.org" } };

interface Version {
  readonly soul: string;
  readonly table: Table;
  readonly key: string;
  readonly tools: readonly string[];
}

const ONE: Version = { soul: "# Iris\n", table: LOOM, key: "one", tools: ["a", "b"] };
const TWO: Version = {
  soul: "# Iris, changed\n",
  table: { ...LOOM, ...FORGE },
  key: "two",
  tools: ["b", "c"],
};

function up(world: World, { soul, table, key, tools }: Version): void {
  const home = world.home();
  const { item, contents } = book(`${home}/contacts.db`, table);
  const path = keyOf(world.dir);
  const secret = world.file(path, "", { secret: "config:key", notify: "muster-agent-iris.service" });
  const { actor: _, ...plain } = secret;
  const items: Items = {
    "identity:bin": {
      kind: "directory",
      path: `${home}/bin`,
      actor: "iris",
      want: { type: "directory", owner: "iris", group: "iris", mode: "0750" },
    },
    "identity:SOUL.md": world.file(`${home}/SOUL.md`, soul),
    "credentials:key": { ...plain, want: { ...secret.want, content: AS_DECLARED } },
    "contacts:contacts.db": item,
    ...Object.fromEntries(
      tools.map((name) => [`identity:${name}`, world.file(`${home}/bin/${name}`, `${name}\n`)]),
    ),
  };
  const bytes = { ...contentsOf(items, [soul, ...tools.map((name) => `${name}\n`)]), ...contents };
  world.up(items, { contents: bytes, secrets: { "credentials:key": key } });
}

function contentsOf(items: Items, texts: readonly string[]): Contents {
  const digest = (text: string) => `sha256:${createHash("sha256").update(text).digest("hex")}`;
  const wanted = JSON.stringify(items);
  return Object.fromEntries(
    texts.map((text) => [digest(text), text]).filter(([name = ""]) => wanted.includes(name)),
  );
}

/** Makes changes that a person might make: replaces and deletes files, overwrites a database, changes a mode. */
function damage(world: World): void {
  const home = world.home();
  rmSync(`${home}/SOUL.md`);
  mkdirSync(`${home}/SOUL.md`);
  writeFileSync(`${home}/SOUL.md/own`, "kept");
  writeFileSync(`${home}/contacts.db`, "no database");
  chmodSync(`${home}/bin`, 0o777);
  rmSync(`${home}/bin/b`);
}

/** Adds a contact, as an agent does that has learned the contact. */
function learn(world: World): void {
  const db = new DatabaseSync(`${world.home()}/contacts.db`);
  db.exec("INSERT INTO contacts (name) VALUES ('friend')");
  db.close();
}

const PHASES: readonly (readonly [string, (world: World) => void, (world: World) => void])[] = [
  ["a first converge", () => {}, (world) => up(world, ONE)],
  ["an update", (world) => up(world, ONE), (world) => up(world, TWO)],
  [
    "a repair",
    (world) => {
      up(world, ONE);
      damage(world);
    },
    (world) => up(world, ONE),
  ],
  [
    "a removal",
    (world) => {
      up(world, ONE);
      learn(world);
    },
    (world) => void world.down(),
  ],
];

describe("a host runtime that is killed at any change and then runs again", () => {
  test.each(PHASES)(
    "produces the same state as an undisturbed run: %s",
    (_name, prepare, act) => {
      const undisturbed = makeDyingWorld();
      prepare(undisturbed);
      act(undisturbed);
      const wanted = everythingIn(undisturbed);
      expect(deaths(prepare, act, act, wanted)).toBeGreaterThan(10);
    },
    120_000,
  );

  test("leaves nothing of an interrupted update if the next run reverts the update", () => {
    const prepare = (world: World) => up(world, ONE);
    const undisturbed = makeDyingWorld();
    prepare(undisturbed);
    expect(deaths(prepare, (world) => up(world, TWO), prepare, everythingIn(undisturbed))).toBeGreaterThan(
      10,
    );
  }, 120_000);
});

/**
 * Returns a world whose database program runs in this process, so that this program also dies at each of its changes. A
 * fake systemd has one running unit, and records the key that the unit has read at its start.
 */
function makeDyingWorld(): World {
  let dir = "";
  const run: RunProgram = (program, args, options = {}) => {
    if (args.includes("mend")) syncDatabase(JSON.parse(options.input ?? "") as SyncOrder);
    else if (program !== "systemctl") return runProgram(program, args, options);
    else if (args[0] === "restart") writeFileSync(`${dir}/running-with`, readFileSync(keyOf(dir)));
    return { status: 0, stdout: "ActiveState=active\nSubState=running\n", stderr: "" };
  };
  const world = makeAgentWorld(run);
  dir = world.dir;
  return world;
}

function keyOf(dir: string): string {
  return `${dir}/state/credentials/key`;
}

/** Repeats the work, and simulates a death at each of its changes in turn. @returns the number of changes */
function deaths(
  prepare: (world: World) => void,
  act: (world: World) => void,
  again: (world: World) => void,
  wanted: readonly string[],
): number {
  for (let n = 1; ; n += 1) {
    const world = makeDyingWorld();
    prepare(world);
    const died = dyingAt(n, () => act(world));
    again(world);
    expect(everythingIn(world), `after a death at change ${n}`).toEqual(wanted);
    if (!died) return n - 1;
    rmSync(world.dir, { recursive: true });
  }
}

/** Returns each file with its mode, owner and content, but without the values that always differ between hosts. */
function everythingIn({ dir }: World): string[] {
  const all = readdirSync(dir, { recursive: true, encoding: "utf8" }).sort();
  // A ledger contains the findings of each run, including the findings of the killed run.
  const names = all.filter((name) => !name.startsWith("state/ledgers"));
  return names.map((name) => {
    const { mode, uid } = lstatSync(join(dir, name));
    return `${withoutWorld(name, dir)} ${mode.toString(8)} ${uid} ${bytesIn(dir, name)}`;
  });
}

function withoutWorld(path: string, dir: string): string {
  return path.replaceAll(/\d{8}T\d{9}Z/g, "<time>").replace(dir.slice(1).replaceAll("/", "~"), "<world>");
}

function bytesIn(dir: string, name: string): string {
  const path = join(dir, name);
  if (!lstatSync(path).isFile() || name === "state/key") return "";
  if (name.endsWith("history.jsonl")) return eventsIn(dir, path);
  if (name.includes("contacts.db") && readFileSync(path).subarray(0, 6).equals(Buffer.from("SQLite"))) {
    const db = new DatabaseSync(path, { readOnly: true });
    const rows = db.prepare("SELECT * FROM contacts ORDER BY name").all();
    db.close();
    return JSON.stringify(rows);
  }
  return readFileSync(path, "utf8")
    .replaceAll(dir, "")
    .replaceAll(/secret:\w{64}/g, "<secret>")
    .replaceAll(/hmac:\w{64}/g, "<hmac>");
}

/** Returns the events without their times. A killed run can record an event that the next run records again. */
function eventsIn(dir: string, path: string): string {
  const lines = readFileSync(path, "utf8").split("\n");
  const whole = lines.filter((line) => line.endsWith("}")).map((line) => withoutWorld(line, dir));
  const events = whole.map((line) => line.replaceAll(dir, "").replace(/"time":"[^"]*"/, ""));
  return [...new Set(events)].sort().join("\n");
}
