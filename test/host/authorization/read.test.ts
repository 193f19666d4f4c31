import { writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { readAuthorizer } from "../../../src/host/authorization/read.ts";
import { answerLine } from "../../../src/host/serve.ts";
import { digestOf, secretDigest } from "../../../src/model/digest.ts";
import {
  AS_DECLARED,
  type Contents,
  DIFFERENT,
  type FileItem,
  type Items,
} from "../../../src/model/items.ts";
import type { ObserveAnswer } from "../../../src/model/protocol.ts";
import type { ReadScope } from "../../../src/model/read-scope.ts";
import { AGENT, book, makeAgentWorld, OWNER, type World } from "../world.ts";

const ID = AGENT.id;
const CANARY = "canary-51c2";
const ALL: ReadScope = { host: "hub" };
const ARC: ReadScope = { host: "hub", tenant: { name: "arc", agents: ["iris"] } };

/** Iris's soul and key as `up` made them, and beside it a resource of another tenant's agent. */
function madeWorld() {
  const world = makeAgentWorld();
  const soul = world.file(`${world.home()}/SOUL.md`, "# Iris\n");
  const key: FileItem = world.file(`${world.home()}/key`, "", { secret: "config:key" });
  const items: Items = {
    "identity:SOUL.md": soul,
    "credentials:key": { ...key, want: { ...key.want, content: AS_DECLARED } },
  };
  world.up(items, { secrets: { "credentials:key": CANARY } });
  const theirs: Items = { "identity:their.md": world.file(`${world.home()}/their.md`, "theirs\n") };
  world.up(theirs, { id: "hub/loom/agent" });
  return { world, items, theirs, soul, key };
}

function ask(world: World, request: object, scope: ReadScope = ALL): ObserveAnswer {
  const table = readAuthorizer(scope, "muster-read-ci");
  return table.observe?.(world.host, { op: "observe", ...request }) as ObserveAnswer;
}

const askFor = (world: World, items: Items, scope?: ReadScope, more: object = {}) =>
  ask(world, { resources: [{ id: ID, items }], ...more }, scope).resources[ID];

describe("a reader's gate", () => {
  test("answers for what was applied, as a look by root does", () => {
    const { world, items } = madeWorld();
    writeFileSync(`${world.home()}/SOUL.md`, "# Somebody\n");
    const seen = askFor(world, items);
    expect(seen?.unapplied).toBeUndefined();
    expect(seen?.observed["identity:SOUL.md"]).toMatchObject({
      props: { type: "file", content: digestOf("# Somebody\n"), mode: "0600" },
      detail: [{ lines: ["-# Iris", "+# Somebody"] }],
    });
    expect(seen?.record?.applied?.["identity:SOUL.md"]).toMatchObject({ content: digestOf("# Iris\n") });
  });

  test("never opens a path that the client names", () => {
    const { world, items, soul } = madeWorld();
    writeFileSync(`${world.home()}/private`, "private");
    for (const item of [
      { ...soul, path: `${world.home()}/private` },
      { ...soul, path: "/etc/shadow" },
      { ...soul, actor: "root" },
      { kind: "directory", path: world.home() },
      null,
      "x",
    ]) {
      const seen = askFor(world, { ...items, "identity:SOUL.md": item } as Items);
      expect([seen?.unapplied, Object.keys(seen?.observed ?? {})]).toEqual([
        ["identity:SOUL.md"],
        ["credentials:key"],
      ]);
      expect(JSON.stringify(seen)).not.toContain(digestOf("private"));
    }
    const unknown = askFor(world, JSON.parse(`{"__proto__": {}, "constructor": {}, "more": {}}`));
    expect(unknown).toMatchObject({ observed: {}, unapplied: ["__proto__", "constructor", "more"] });
  });

  test("says of a secret only whether it is as applied, whatever the client guesses", () => {
    const { world, items, key } = madeWorld();
    const guess = secretDigest(key.path, CANARY);
    const guessed = { ...items, "credentials:key": { ...key, want: { ...key.want, content: guess } } };
    const same = JSON.stringify(askFor(world, guessed));
    writeFileSync(key.path, "other");
    const other = JSON.stringify(askFor(world, guessed));
    expect([same.includes(`"content":"${AS_DECLARED}"`), other.includes(`"content":"${DIFFERENT}"`)]).toEqual(
      [true, true],
    );
    expect(same + other).not.toMatch(/hmac:|secret:[0-9a-f]|seal|canary/);
    const { secret: _, ...plain } = key;
    expect(askFor(world, { "credentials:key": plain })).toMatchObject({
      observed: {},
      unapplied: ["credentials:key"],
    });
  });

  test("compares rows with those that were applied, and with none that the client sends", () => {
    const world = makeAgentWorld();
    const path = `${world.home()}/contacts.db`;
    const { item, contents } = book(path, { loom: { email: "loom@example.org" } });
    world.up({ "contacts:contacts.db": item }, { contents });
    const probe = book(path, { loom: { email: "x" }, secretly: { email: "learned" } });
    const seen = askFor(world, { "contacts:contacts.db": probe.item }, ALL, { contents: probe.contents });
    expect(seen?.observed["contacts:contacts.db"]).toMatchObject({ props: { rows: item.want.rows } });
    expect(JSON.stringify(seen)).not.toContain("secretly");
  });

  test("takes no text of the client's to compare with", () => {
    const { world, items, soul } = madeWorld();
    const sent = { [digestOf("guess")]: "guess" } as Contents;
    const guessed = { ...soul, want: { ...soul.want, content: digestOf("guess") } };
    const seen = askFor(world, { ...items, "identity:SOUL.md": guessed }, ALL, { contents: sent });
    expect(seen?.observed["identity:SOUL.md"]).not.toHaveProperty("detail");
  });

  test("knows nothing of another tenant's resources", () => {
    const { world, items, theirs } = madeWorld();
    const answer = ask(
      world,
      {
        resources: [
          { id: ID, items },
          { id: "hub/loom/agent", items: theirs },
        ],
      },
      ARC,
    );
    expect(answer.resources["hub/loom/agent"]).toEqual({
      items: {},
      observed: {},
      unapplied: ["identity:their.md"],
    });
    expect(answer.recorded).toEqual([{ id: ID, owner: OWNER }]);
    expect(Object.keys(ask(world, { owner: OWNER }, ARC).resources)).toEqual([ID]);
    expect(Object.keys(ask(world, { owner: OWNER }).resources)).toEqual([ID, "hub/loom/agent"]);
  });

  test("tells what stands under no record apart from what is gone", () => {
    const { world, items } = madeWorld();
    const seen = ask(world, { resources: [{ id: "hub/nova/agent", items }] }).resources["hub/nova/agent"];
    expect(seen).toEqual({ items: {}, observed: {}, unapplied: ["identity:SOUL.md", "credentials:key"] });
  });

  test.each(["ps", "converge", "remove", "__proto__", "constructor", ""])("refuses %j", async (op) => {
    const { world, items } = madeWorld();
    const frame = JSON.stringify({
      seq: 1,
      request: { op, id: ID, owner: OWNER, items, contents: {}, secrets: {} },
    });
    const answer = await answerLine(world.host, readAuthorizer(ALL, "muster-read-ci"), frame);
    expect(JSON.parse(answer).error.what).toMatch(/was refused/);
  });
});
