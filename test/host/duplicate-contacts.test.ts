import { readFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, test } from "vitest";
import { contacts } from "../../src/host/reports/contacts.ts";
import { history } from "../../src/host/reports/history.ts";
import { mergeDuplicates } from "../../src/host/sqlite/merge-duplicates.ts";
import type { Contents } from "../../src/model/items.ts";
import { AGENT, book, drift, makeAgentWorld, type Table } from "./world.ts";

const BOOK = "contacts:contacts.db";
const DECLARED: Table = {
  loom: { display_name: "Loom", type: "agent", stx_address: "SP1LOOM", email: "loom@example.org" },
  iris: { display_name: "Iris", type: "agent" },
};

/** Returns the contact book of an agent with declared rows, after the agent has run this SQL. */
function learned(sql: string, declared: Table = DECLARED) {
  const world = makeAgentWorld();
  const path = `${world.home()}/contacts.db`;
  const { item, contents } = book(path, declared);
  const up = () => world.up({ [BOOK]: item }, { contents: contents as Contents });
  const run = <T>(use: (db: DatabaseSync) => T): T => {
    const db = new DatabaseSync(path);
    try {
      return use(db);
    } finally {
      db.close();
    }
  };
  const rows = (query = "SELECT * FROM contacts ORDER BY rowid") => run((db) => db.prepare(query).all());
  up();
  run((db) => db.exec(sql));
  const request = { op: "contacts", resource: AGENT.id } as const;
  const asRequested = (merge?: string) => contacts(world.host, { ...request, ...(merge && { merge }) });
  // The merge runs in this process, and does not use the agent's rights.
  const find = () => run((db) => mergeDuplicates(db, "contacts", declared));
  const merge = (digest = find().digest) => run((db) => mergeDuplicates(db, "contacts", declared, digest));
  return { ...world, up, run, rows, asRequested, find, merge };
}

describe("duplicates in the contact book of an agent", () => {
  test("are listed without any change, and a merge keeps every note and value in the declared row", () => {
    const { asRequested, rows, observe, host } = learned(`
      ALTER TABLE contacts ADD COLUMN notes TEXT;
      ALTER TABLE contacts ADD COLUMN trust INTEGER;
      UPDATE contacts SET notes = 'asked about beats' WHERE name = 'loom';
      INSERT INTO contacts (name, stx_address, email, notes, trust) VALUES
        ('Loom (old)', 'SP1LOOM', 'old@example.org', 'met in March', 7), ('zed', NULL, 'z@example.org', NULL, 1)`);
    const before = rows();
    const { duplicates, digest } = asRequested();
    expect(duplicates).toMatchObject([
      {
        same: "stx_address",
        kept: { cells: { name: "loom" } },
        removed: [{ cells: { name: "Loom (old)" } }],
        filled: [{ column: "trust" }],
        notes: { column: "notes" },
      },
    ]);
    expect(rows()).toEqual(before);
    const { kept = "" } = asRequested(digest);
    expect(rows("SELECT name, email, trust, notes FROM contacts ORDER BY rowid")).toMatchObject([
      {
        ...{ name: "loom", email: "loom@example.org", trust: 7 },
        notes: "asked about beats\nmet in March\nname: Loom (old)\nemail: old@example.org",
      },
      { name: "iris" },
      { name: "zed", email: "z@example.org" },
    ]);
    expect(kept).toMatch(/\/overwritten\//);
    expect(readFileSync(kept, "utf8")).toContain('"email": "old@example.org"');
    expect(history(host, { op: "history", last: 9 }).events).toMatchObject([
      { event: "kept", agent: "iris" },
    ]);
    expect(drift(observe())).toEqual({});
    expect(asRequested().duplicates).toEqual([]);
  });

  test("are found by address, then by agent id, then by name and type, and rows with different values there are not merged", () => {
    const { find } = learned(`
      ALTER TABLE contacts ADD COLUMN btc_address TEXT;
      ALTER TABLE contacts ADD COLUMN agent_id TEXT;
      INSERT INTO contacts (name, display_name, type, btc_address, agent_id) VALUES
        ('a1', 'Ann', 'human', 'bc1a', NULL), ('a2', 'Ann B.', 'human', 'bc1a', '5'), ('a3', 'Anna', 'human', NULL, '5'),
        ('s1', 'Sam', 'human', 'bc1x', NULL), ('s2', 'Sam', 'human', 'bc1y', NULL), ('s3', 'Sam', 'human', NULL, NULL),
        ('k1', 'Kay', 'human', NULL, NULL), ('k2', 'KAY', 'human', NULL, NULL), ('k3', 'Kay', 'agent', NULL, NULL),
        ('i2', 'Iris', NULL, NULL, NULL)`);
    const names = find().duplicates.map(({ same, kept, removed }) => [
      same,
      ...[kept, ...removed].map(({ cells }) => cells["name"]),
    ]);
    expect(names).toEqual([
      ["btc_address", "a1", "a2", "a3"],
      ["display_name and type", "k1", "k2"],
    ]);
  });

  test("are not merged if the contact book has changed since the duplicates were listed", () => {
    const { find, merge, run, rows } = learned(
      "INSERT INTO contacts (name, stx_address) VALUES ('other', 'SP1LOOM')",
    );
    const { digest } = find();
    run((db) => db.exec("UPDATE contacts SET email = 'new@example.org' WHERE name = 'other'"));
    expect(() => merge(digest)).toThrow(/have changed since the duplicates were listed/);
    expect(rows()).toHaveLength(3);
  });

  test("are merged so that references to them remain valid, and notes that fleet.yaml declares are not changed", () => {
    const declared = { loom: { stx_address: "SP1LOOM", notes: "declared" } };
    const { merge, rows, observe } = learned(
      `INSERT INTO contacts (name, stx_address, notes) VALUES ('other', 'SP1LOOM', 'own');
       CREATE TABLE links (a TEXT REFERENCES contacts (name), kind TEXT);
       INSERT INTO links VALUES ('other', 'works with')`,
      declared,
    );
    merge();
    expect(rows("SELECT * FROM links")).toEqual([{ a: "loom", kind: "works with" }]);
    expect(rows("SELECT notes, merged_notes FROM contacts")).toEqual([
      { notes: "declared", merged_notes: "own\nname: other" },
    ]);
    expect(drift(observe())).toEqual({});
  });

  test("are not merged if the merge would run a trigger of the agent", () => {
    const { find, merge, rows } = learned(`
      INSERT INTO contacts (name, stx_address) VALUES ('other', 'SP1LOOM');
      CREATE TRIGGER t BEFORE DELETE ON contacts BEGIN SELECT RAISE(ABORT, 'no'); END`);
    expect(find().duplicates).toHaveLength(1);
    expect(() => merge()).toThrow(/has the trigger "t"/);
    expect(rows()).toHaveLength(3);
  });
});
