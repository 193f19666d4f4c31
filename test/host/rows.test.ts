import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, test } from "vitest";
import type { Contents } from "../../src/model/items.ts";
import type { ConvergeAnswer } from "../../src/model/protocol.ts";
import { book, drift, IRIS, makeAgentWorld, type Table } from "./world.ts";

const BOOK = "contacts:contacts.db";
const CONTACTS: Table = {
  forge: { email: "forge@example.org", type: "agent" },
  loom: { email: "loom@example.org", type: "agent" },
};

function bookWorld(table: Table = CONTACTS) {
  const world = makeAgentWorld();
  const path = `${world.home()}/contacts.db`;
  const { item, contents } = book(path, table);
  const up = (more: Table = table) => {
    const declared = book(path, more);
    return world.up({ [BOOK]: declared.item }, { contents: declared.contents as Contents });
  };
  const sql = (text: string) => {
    const db = new DatabaseSync(path);
    db.exec(text);
    db.close();
  };
  const all = () => {
    const db = new DatabaseSync(path, { readOnly: true });
    const rows = db.prepare("SELECT name, email FROM contacts ORDER BY name").all();
    db.close();
    return rows.map(({ name, email }) => `${name} ${email}`);
  };
  return { ...world, path, item, contents, up, sql, all };
}

const TRIGGER =
  "CREATE TABLE contacts (name TEXT); CREATE TRIGGER t BEFORE UPDATE ON contacts BEGIN SELECT RAISE(ABORT, 'no'); END";

function makeDatabase(path: string, sql: string): void {
  const db = new DatabaseSync(path);
  db.exec(sql);
  db.close();
}

/** Gives a file to iris, and makes it readable for everybody. */
function openToAll(path: string): void {
  chownSync(path, IRIS.uid, IRIS.gid);
  chmodSync(path, 0o644);
}

/** Returns the reason why the contact book could not be applied. */
function refusal({ failures = [] }: ConvergeAnswer): string | undefined {
  return failures.find(({ part }) => part === "contacts")?.error.why;
}

describe("declared rows", () => {
  test("are written to a new database, and show no difference afterwards", () => {
    const { up, observe, all } = bookWorld();
    up();
    expect(all()).toEqual(["forge forge@example.org", "loom loom@example.org"]);
    expect(drift(observe())).toEqual({});
  });

  test("are reported by key and column if they were changed or deleted, and only these differences are repaired", () => {
    const { up, observe, sql, all } = bookWorld();
    up();
    sql("UPDATE contacts SET email = 'x' WHERE name = 'loom'; DELETE FROM contacts WHERE name = 'forge'");
    expect(observe().observed[BOOK]).toMatchObject({
      props: { rows: "differs" },
      detail: [
        { property: "rows.forge", declared: "present", observed: "absent" },
        { property: "rows.loom.email", declared: "loom@example.org", observed: "x" },
      ],
    });
    expect(up().changed).toEqual([`${BOOK}.rows.forge`, `${BOOK}.rows.loom.email`]);
    expect(all()).toEqual(["forge forge@example.org", "loom loom@example.org"]);
  });

  test("do not affect rows that the agent has learned, and are deleted when they are no longer declared", () => {
    const { up, observe, sql, all } = bookWorld();
    up();
    sql("INSERT INTO contacts (name, email) VALUES ('zed', 'zed@example.org')");
    expect(drift(observe())).toEqual({});
    up({ loom: { email: "loom@example.org", type: "agent" } });
    expect(all()).toEqual(["loom loom@example.org", "zed zed@example.org"]);
  });

  test("add missing columns to the table", () => {
    const { up, observe } = bookWorld();
    up();
    up({ loom: { email: "l", website: "https://example.org" } });
    expect(drift(observe())).toEqual({});
  });

  test("are listed only up to a limit if very many rows differ, and the remaining differences are counted", () => {
    const many = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`c${i + 10}`, { email: `${i}` }]));
    const { up, observe, sql } = bookWorld(many);
    up();
    sql("DELETE FROM contacts");
    const seen = observe().observed[BOOK];
    const detail = seen && "detail" in seen ? seen.detail : [];
    expect(detail).toHaveLength(21);
    expect(detail?.at(-1)).toMatchObject({ property: "rows", observed: "10 more values that differ" });
  });

  test("are read correctly from a WAL database that an agent has open, and no file of the database is touched", () => {
    const { up, observe, path, home } = bookWorld();
    up();
    const db = new DatabaseSync(path);
    db.exec("PRAGMA journal_mode = WAL; UPDATE contacts SET email = 'wal' WHERE name = 'loom'");
    const before = readdirSync(home()).map((name) => [name, statSync(`${home()}/${name}`).ctimeMs]);
    expect(drift(observe())).toEqual({ [`${BOOK}.rows`]: "differs" });
    expect(readdirSync(home()).map((name) => [name, statSync(`${home()}/${name}`).ctimeMs])).toEqual(before);
    up();
    expect(db.prepare("SELECT email FROM contacts WHERE name = 'loom'").get()).toMatchObject({
      email: "loom@example.org",
    });
    expect(drift(observe())).toEqual({});
    db.close();
    expect(drift(observe())).toEqual({});
  });

  test("are read without changes that an agent has not committed yet", () => {
    const { up, observe, path } = bookWorld();
    up();
    const db = new DatabaseSync(path);
    db.exec("BEGIN IMMEDIATE; UPDATE contacts SET email = 'half'");
    const seen = observe();
    db.exec("ROLLBACK");
    db.close();
    expect(drift(seen)).toEqual({});
  });

  test("are reported as unknown, and not as different, while the file contains only a part of a change", () => {
    const { up, observe, path } = bookWorld();
    up();
    const db = new DatabaseSync(path);
    db.exec(`CREATE TABLE big (text TEXT); PRAGMA cache_size = 1; BEGIN IMMEDIATE;
      UPDATE contacts SET email = 'half';
      WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500)
      INSERT INTO big SELECT hex(randomblob(500)) FROM n`);
    const seen = observe().observed[BOOK];
    db.exec("ROLLBACK");
    db.close();
    expect(seen).toEqual({
      unknown: "contacts.db is being written to, or contains an unfinished change",
    });
    expect(drift(observe())).toEqual({});
  });

  test("are reported as applied if only fleet.yaml has changed", () => {
    const { up, observe, path } = bookWorld();
    up();
    const next = book(path, { loom: { email: "new@example.org" } });
    const seen = observe({ [BOOK]: next.item }, next.contents);
    expect(seen.observed[BOOK]).toMatchObject({
      props: { rows: seen.record?.applied?.[BOOK]?.["rows"] },
      detail: [
        { property: "rows.loom.email", declared: "new@example.org", observed: "loom@example.org" },
        { property: "rows.forge", declared: "absent", observed: "present" },
      ],
    });
  });

  test("are written to a new database if the file is not a database, and the file is kept", () => {
    const { up, observe, path, host } = bookWorld();
    writeFileSync(path, "this is no database, however long it is. ".repeat(30), { mode: 0o600 });
    expect(drift(observe({ [BOOK]: book(path, CONTACTS).item }))).toMatchObject({});
    up();
    expect(drift(observe())).toEqual({});
    const folder = `${host.paths.aside}/overwritten`;
    const kept = readdirSync(folder).find((name) => name.includes("~contacts.db-"));
    expect(readFileSync(`${folder}/${kept}`, "utf8")).toMatch(/^this is no database/);
  });

  test.each([
    ["no database", (path: string) => writeFileSync(path, "my own notes")],
    ["a view", (path: string) => makeDatabase(path, "CREATE VIEW contacts AS SELECT 1 AS name")],
    ["a table with a trigger", (path: string) => makeDatabase(path, TRIGGER)],
  ])("do not change the file if no contacts are declared: %s", (_, make) => {
    const { up, observe, path } = bookWorld({});
    make(path);
    openToAll(path);
    const before = readFileSync(path);
    up();
    expect(readFileSync(path)).toEqual(before);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(drift(observe())).toEqual({});
  });

  test("do not prevent changes of owners and modes if they already exist in a table with a trigger", () => {
    const { up, observe, path } = bookWorld({ ada: {} });
    makeDatabase(path, `${TRIGGER}; INSERT INTO contacts VALUES ('ada')`);
    openToAll(path);
    up();
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(drift(observe())).toEqual({});
  });

  test("are refused if the table has a trigger", () => {
    const { up, sql } = bookWorld();
    up();
    sql(`UPDATE contacts SET email = 'x';
      CREATE TRIGGER t AFTER UPDATE ON contacts BEGIN DELETE FROM contacts; END`);
    expect(refusal(up())).toContain('the table contacts has the trigger "t"');
  });

  test("are refused if a view has replaced the table", () => {
    const { up, sql, observe } = bookWorld();
    up();
    sql(
      "DROP TABLE contacts; CREATE VIEW contacts AS WITH RECURSIVE r(name) AS (SELECT 1 UNION ALL SELECT 1 FROM r) SELECT * FROM r",
    );
    const seen = observe().observed[BOOK];
    expect(seen).toMatchObject({ detail: [{ observed: "another object with this name" }] });
    expect(seen).toMatchObject({
      refusal: { why: expect.stringContaining("contacts is not a plain table") },
    });
    expect(refusal(up())).toContain("contacts is not a plain table");
  });

  test.each([
    [
      "a column that must have a value",
      "CREATE TABLE contacts (name TEXT, created_at TEXT NOT NULL)",
      "its column created_at must have a value, and the contacts in fleet.yaml have no such field",
    ],
    [
      "a unique name that differs only in its case",
      "CREATE TABLE contacts (name TEXT COLLATE NOCASE UNIQUE, email TEXT); INSERT INTO contacts VALUES ('Loom', 'own')",
      "a row that the agent has added conflicts with a declared contact: name must be unique",
    ],
    [
      "another constraint",
      "CREATE TABLE contacts (name TEXT, email TEXT CHECK (email LIKE '%.net'))",
      "a constraint in the agent's schema refuses a declared contact",
    ],
  ])(
    "are refused with the reason, by the preview and by `up`, if the agent's table has %s",
    (_, sql, why) => {
      const { up, observe, path, item } = bookWorld();
      makeDatabase(path, sql);
      openToAll(path);
      const { failures } = up();
      expect(failures).toHaveLength(1);
      expect(failures?.[0]?.error).toMatchObject({
        why: expect.stringContaining(why),
        next: expect.stringMatching(/agent's schema|that row/),
      });
      expect(observe({ [BOOK]: item }).observed[BOOK]).toMatchObject({
        refusal: { why: expect.stringContaining(why) },
      });
    },
  );

  test("are written to the first of several rows with the same name, and the other rows are kept", () => {
    const { up, observe, path, all } = bookWorld();
    makeDatabase(
      path,
      "CREATE TABLE contacts (name TEXT, email TEXT, type TEXT); INSERT INTO contacts VALUES ('loom', 'first', NULL), ('loom', 'second', NULL)",
    );
    openToAll(path);
    up();
    expect(all()).toEqual(["forge forge@example.org", "loom loom@example.org", "loom second"]);
    expect(drift(observe())).toEqual({});
  });

  test.each([
    ["the same address", "'loom the weaver', 'SP1LOOM', NULL, NULL, NULL", "loom the weaver"],
    ["the same agent id", "'L. Weaver', NULL, '42', NULL, NULL", "L. Weaver"],
    ["the same displayed name and type", "'lm', NULL, NULL, 'LOOM', 'agent'", "lm"],
    ["the same address and no name", "NULL, 'SP1LOOM', NULL, NULL, NULL", undefined],
  ])(
    "are written to a row that the agent has added if it has %s, and its notes are kept",
    (_, cells, name) => {
      const loom = { stx_address: "SP1LOOM", agent_id: "42", display_name: "Loom", type: "agent" };
      const { up, observe, path, item, contents } = bookWorld({ loom });
      makeDatabase(
        path,
        `CREATE TABLE contacts (name TEXT, stx_address TEXT, agent_id TEXT, display_name TEXT, type TEXT, notes TEXT);
      INSERT INTO contacts VALUES (${cells}, 'asked about beats'), ('zed', NULL, NULL, NULL, NULL, 'mine')`,
      );
      openToAll(path);
      expect(observe({ [BOOK]: item }, contents).observed[BOOK]).toMatchObject({
        detail: expect.arrayContaining([
          { property: "rows.loom.name", declared: "loom", observed: name ?? "nothing" },
        ]),
      });
      up();
      const rows = new DatabaseSync(path, { readOnly: true }).prepare("SELECT * FROM contacts").all();
      expect(rows.map((row) => ({ ...row }))).toEqual([
        { name: "loom", ...loom, notes: "asked about beats" },
        expect.objectContaining({ name: "zed", notes: "mine" }),
      ]);
      expect(drift(observe())).toEqual({});
    },
  );

  test.each([
    ["the agent id of another address", "'other', 'SP1OTHER', '42', NULL, NULL"],
    ["the displayed name of another agent id", "'other', NULL, '43', 'Loom', 'agent'"],
    ["the displayed name of another type", "'other', NULL, NULL, 'Loom', 'human'"],
  ])("are not written to a row that the agent has added if it has %s", (_, cells) => {
    const loom = { stx_address: "SP1LOOM", agent_id: "42", display_name: "Loom", type: "agent" };
    const { up, path } = bookWorld({ loom });
    makeDatabase(
      path,
      `CREATE TABLE contacts (name TEXT, stx_address TEXT, agent_id TEXT, display_name TEXT, type TEXT);
      INSERT INTO contacts VALUES (${cells})`,
    );
    openToAll(path);
    up();
    const names = new DatabaseSync(path, { readOnly: true }).prepare("SELECT name FROM contacts").all();
    expect(names.map(({ name }) => name)).toEqual(["other", "loom"]);
  });

  test("keep the agent's notes if the agent has renamed a contact, or if fleet.yaml renames it", () => {
    const loom = { stx_address: "SP1LOOM", email: "loom@example.org" };
    const { up, sql, all, observe, path } = bookWorld({ loom });
    up();
    sql("ALTER TABLE contacts ADD COLUMN notes TEXT; UPDATE contacts SET name = 'Loomy', notes = 'kind'");
    up();
    expect(all()).toEqual(["loom loom@example.org"]);
    up({ weaver: loom });
    expect(all()).toEqual(["weaver loom@example.org"]);
    expect(new DatabaseSync(path).prepare("SELECT notes FROM contacts").get()).toEqual({ notes: "kind" });
    expect(drift(observe())).toEqual({});
  });

  test("are written to their own rows if the agent has exchanged the addresses of two contacts", () => {
    const table = { loom: { stx_address: "SP1LOOM" }, forge: { stx_address: "SP1FORGE" } };
    const { up, sql, path } = bookWorld(table);
    up();
    sql("UPDATE contacts SET stx_address = CASE name WHEN 'loom' THEN 'SP1FORGE' ELSE 'SP1LOOM' END");
    up();
    const rows = new DatabaseSync(path).prepare("SELECT * FROM contacts ORDER BY name").all();
    expect(rows).toEqual([
      { name: "forge", stx_address: "SP1FORGE" },
      { name: "loom", stx_address: "SP1LOOM" },
    ]);
  });

  test("are repaired in a table without row numbers", () => {
    const { up, observe, path, all } = bookWorld();
    makeDatabase(
      path,
      "CREATE TABLE contacts (name TEXT PRIMARY KEY, email TEXT) WITHOUT ROWID; INSERT INTO contacts VALUES ('loom', 'x')",
    );
    openToAll(path);
    up();
    expect(all()).toEqual(["forge forge@example.org", "loom loom@example.org"]);
    up({ loom: { email: "new@example.org" } });
    expect(all()).toEqual(["loom new@example.org"]);
    expect(drift(observe())).toEqual({});
  });

  test("cannot be checked if the contact book is too large, and the host reports the limit", () => {
    const { up, observe, path, item } = bookWorld();
    makeDatabase(path, "CREATE TABLE contacts (name TEXT)");
    openToAll(path);
    truncateSync(path, 180 * 1024 * 1024);
    up();
    const why = expect.stringMatching(/^its contact book has 180 MiB, and Muster reads at most \d+ MiB\.$/);
    expect(observe({ [BOOK]: item }).observed[BOOK]).toMatchObject({ refusal: { why } });
  });

  test("are removed with their database, which is moved to an archive if the agent has learned contacts", () => {
    const { up, sql, down, path, dir } = bookWorld();
    up();
    expect(down()).toEqual([]);
    expect(existsSync(path)).toBe(false);
    up();
    sql("INSERT INTO contacts (name) VALUES ('zed')");
    const [aside = ""] = down();
    expect(existsSync(path)).toBe(false);
    expect(aside.startsWith(`${dir}/aside/`)).toBe(true);
    // The folder has just been created; nobody except its owner is allowed to enter it.
    expect(statSync(`${dir}/aside`).mode & 0o777).toBe(0o700);
    expect(new DatabaseSync(aside).prepare("SELECT count(*) AS n FROM contacts").get()).toEqual({ n: 3 });
  });

  test("are refused if their names could be read as SQL", () => {
    const { up } = bookWorld();
    expect(refusal(up({ loom: { 'x" TEXT); --': "1" } }))).toContain("must contain only a-z, 0-9 and _");
  });

  test("can contain any text", () => {
    const hostile = { "'; DROP TABLE contacts; --": { email: "\u0000\"'\n\u{1F600}" } };
    const { up, observe } = bookWorld(hostile);
    up();
    expect(drift(observe())).toEqual({});
  });

  test("are repaired even if symlinks or folders are at the paths of SQLite's journal files", () => {
    const { up, observe, sql, path, dir } = bookWorld();
    up();
    sql("UPDATE contacts SET email = 'x'");
    writeFileSync(`${dir}/elsewhere`, "untouched");
    symlinkSync(`${dir}/elsewhere`, `${path}-journal`);
    mkdirSync(`${path}-wal/full`, { recursive: true });
    up();
    expect(drift(observe())).toEqual({});
    expect(readFileSync(`${dir}/elsewhere`, "utf8")).toBe("untouched");
  });

  test("are written even if a folder has replaced their database", () => {
    const { up, observe, path } = bookWorld();
    mkdirSync(path);
    up();
    expect(drift(observe())).toEqual({});
  });
});
