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
import type { ReadScope } from "../../../src/model/reader-scope.ts";
import { AGENT, book, makeAgentWorld, OWNER, type World } from "../world.ts";

const ID = AGENT.id;
const CANARY = "canary-51c2";
const ALL: ReadScope = { host: "hub" };
const ARC: ReadScope = { host: "hub", tenant: { name: "arc", agents: ["iris"] } };

/** Returns a host where `up` has applied Iris's soul and key, and a resource of another tenant's agent. */
function appliedWorld() {
  const world = makeAgentWorld();
  const soul = world.file(`${world.home()}/SOUL.md`, "# Iris\n");
  const key: FileItem = world.file(`${world.home()}/key`, "", { secret: "config:key" });
  const items: Items = {
    "identity:SOUL.md": soul,
    "credentials:key": { ...key, want: { ...key.want, content: AS_DECLARED } },
  };
  world.up(items, { secrets: { "credentials:key": CANARY } });
  const others: Items = { "identity:their.md": world.file(`${world.home()}/their.md`, "theirs\n") };
  world.up(others, { id: "hub/loom/agent" });
  return { world, items, others, soul, key };
}

function ask(world: World, request: object, scope: ReadScope = ALL): ObserveAnswer {
  const table = readAuthorizer(scope, "muster-read-ci");
  return table.observe?.(world.host, { op: "observe", ...request }) as ObserveAnswer;
}

const askFor = (world: World, items: Items, scope?: ReadScope, more: object = {}) =>
  ask(world, { resources: [{ id: ID, items }], ...more }, scope).resources[ID];

describe("a reader's login", () => {
  test("sees applied items exactly as root sees them", () => {
    const { world, items } = appliedWorld();
    writeFileSync(`${world.home()}/SOUL.md`, "# Somebody\n");
    const seen = askFor(world, items);
    expect(seen?.unapplied).toBeUndefined();
    expect(seen?.observed["identity:SOUL.md"]).toMatchObject({
      props: { type: "file", content: digestOf("# Somebody\n"), mode: "0600" },
      detail: [{ lines: ["-# Iris", "+# Somebody"] }],
    });
    expect(seen?.record?.applied?.["identity:SOUL.md"]).toMatchObject({ content: digestOf("# Iris\n") });
  });

  test("sees only the recurring findings of its tenant, and cannot close a finding", () => {
    const { world, items, others } = appliedWorld();
    for (let i = 0; i < 3; i += 1) {
      writeFileSync(`${world.home()}/SOUL.md`, "# Somebody\n");
      writeFileSync(`${world.home()}/their.md`, "nobody's\n");
      world.up(items, { secrets: { "credentials:key": CANARY } });
      world.up(others, { id: "hub/loom/agent" });
    }
    const seenBy = (scope: ReadScope) =>
      ask(world, { resources: [] }, scope).repeated?.map(({ resource }) => resource);
    expect(seenBy(ALL)).toEqual([ID, "hub/loom/agent"]);
    expect(seenBy(ARC)).toEqual([ID]);
    expect(readAuthorizer(ALL, "muster-read-ci").resolve).toBeUndefined();
  });

  test("cannot make the host open a path that the client names", () => {
    const { world, items, soul } = appliedWorld();
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

  test("can find out only whether a secret is unchanged since it was applied, and cannot test a guessed value", () => {
    const { world, items, key } = appliedWorld();
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

  test("compares rows only with the applied rows, never with rows that the client sends", () => {
    const world = makeAgentWorld();
    const path = `${world.home()}/contacts.db`;
    const { item, contents } = book(path, { loom: { email: "loom@example.org" } });
    world.up({ "contacts:contacts.db": item }, { contents });
    const probe = book(path, { loom: { email: "x" }, secretly: { email: "learned" } });
    const seen = askFor(world, { "contacts:contacts.db": probe.item }, ALL, { contents: probe.contents });
    expect(seen?.observed["contacts:contacts.db"]).toMatchObject({ props: { rows: item.want.rows } });
    expect(JSON.stringify(seen)).not.toContain("secretly");
  });

  test("cannot compare a file with text that the client sends", () => {
    const { world, items, soul } = appliedWorld();
    const sent = { [digestOf("guess")]: "guess" } as Contents;
    const guessed = { ...soul, want: { ...soul.want, content: digestOf("guess") } };
    const seen = askFor(world, { ...items, "identity:SOUL.md": guessed }, ALL, { contents: sent });
    expect(seen?.observed["identity:SOUL.md"]).not.toHaveProperty("detail");
  });

  test("sees nothing of another tenant's resources", () => {
    const { world, items, others } = appliedWorld();
    const answer = ask(
      world,
      {
        resources: [
          { id: ID, items },
          { id: "hub/loom/agent", items: others },
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

  test("sees an item without a record as not applied, and not as missing", () => {
    const { world, items } = appliedWorld();
    const seen = ask(world, { resources: [{ id: "hub/nova/agent", items }] }).resources["hub/nova/agent"];
    expect(seen).toEqual({ items: {}, observed: {}, unapplied: ["identity:SOUL.md", "credentials:key"] });
  });

  test.each(["ps", "converge", "remove", "__proto__", "constructor", ""])(
    "cannot send the request %j",
    async (op) => {
      const { world, items } = appliedWorld();
      const frame = JSON.stringify({
        seq: 1,
        request: { op, id: ID, owner: OWNER, items, contents: {}, secrets: {} },
      });
      const answer = await answerLine(world.host, readAuthorizer(ALL, "muster-read-ci"), frame);
      expect(JSON.parse(answer).error.what).toMatch(/was refused/);
    },
  );
});
