import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { converge } from "../../src/host/reconcile/converge.ts";
import { diffItem } from "../../src/model/diff.ts";
import { secretDigest } from "../../src/model/digest.ts";
import { AS_DECLARED, DIFFERENT, type Items } from "../../src/model/items.ts";
import { drift, makeWorld, OWNER, type World } from "./world.ts";

const CANARY = "canary-3f9a";

function recordFile({ host }: World): string {
  return `${host.paths.records}/arc~main/hub~iris~service.json`;
}

function secretItems(world: World, content: string = AS_DECLARED): Items {
  const file = world.file(`${world.home()}/key`, "", { secret: "config:key" });
  return { key: { ...file, want: { ...file.want, content: content as typeof AS_DECLARED } } };
}

describe("a secret", () => {
  test("is written exactly as it was sent, and to no other file", () => {
    const world = makeWorld();
    world.up(secretItems(world), { secrets: { key: CANARY } });
    expect(readFileSync(`${world.home()}/key`, "utf8")).toBe(CANARY);
    const holders = execFileSync("grep", ["-rl", CANARY, world.dir], { encoding: "utf8" }).trim();
    expect(holders).toBe(`${world.home()}/key`);
    expect(JSON.stringify(world.observe())).not.toContain(secretDigest(`${world.home()}/key`, CANARY));
    expect(readFileSync(recordFile(world), "utf8")).toMatch(/"content":"hmac:[0-9a-f]{64}"/);
  });

  test("shows a difference to a reader that does not know the value, but only if somebody has changed the secret", () => {
    const world = makeWorld();
    world.up(secretItems(world), { secrets: { key: CANARY } });
    expect(drift(world.observe(secretItems(world)))).toEqual({});
    writeFileSync(`${world.home()}/key`, "other");
    const seen = world.observe(secretItems(world));
    expect(drift(seen)).toEqual({ "key.content": DIFFERENT });
    expect(JSON.stringify(seen)).not.toContain("hmac:");
    expect(JSON.stringify(seen)).not.toContain("other");
  });

  test("is reported as rotated, as changed on the host, or as both", () => {
    const world = makeWorld();
    world.up(secretItems(world), { secrets: { key: CANARY } });
    const path = `${world.home()}/key`;
    const causeOf = (value: string) => {
      const items = secretItems(world, secretDigest(path, value));
      const { observed, record } = world.observe(items);
      const [name = "", item] = Object.entries(items)[0] ?? [];
      return item && observed[name] && diffItem(name, item, observed[name], record).map(({ cause }) => cause);
    };
    expect(causeOf(CANARY)).toEqual([]);
    expect(causeOf("rotated")).toEqual(["intended"]);
    writeFileSync(path, "changed by hand");
    expect(causeOf(CANARY)).toEqual(["drift"]);
    expect(causeOf("rotated")).toEqual(["both"]);
  });

  test("causes an error that names the item if the secret differs and its value was not sent", () => {
    const world = makeWorld();
    expect(() => world.up(secretItems(world))).toThrow(/hub\/iris\/service: key .*its value was not sent/);
  });
});

describe("a record", () => {
  test("shows a later change to fleet.yaml as intended and not as drift", () => {
    const world = makeWorld();
    const soul = (text: string) => ({ "SOUL.md": world.file(`${world.home()}/SOUL.md`, text) });
    world.up(soul("one\n"));
    const next = soul("two\n");
    const { observed, record } = world.observe(next);
    const item = next["SOUL.md"];
    expect(observed["SOUL.md"] && diffItem("SOUL.md", item, observed["SOUL.md"], record)).toMatchObject([
      { property: "content", cause: "intended" },
    ]);
  });

  test("is ignored and written again if it is corrupt", () => {
    const world = makeWorld();
    const items = { "SOUL.md": world.file(`${world.home()}/SOUL.md`, "one\n") };
    world.up(items);
    writeFileSync(recordFile(world), '{"id": "hub/i');
    expect(world.observe(items).record).toBeUndefined();
    expect(world.up(items).changed).toEqual([]);
    expect(world.observe(items).record?.applied).toMatchObject({ "SOUL.md": { type: "file" } });
  });

  test("cannot be changed by another stack, and the error names the stack that owns the record", () => {
    const world = makeWorld();
    const items = { "SOUL.md": world.file(`${world.home()}/SOUL.md`, "one\n") };
    world.up(items);
    const other = { "SOUL.md": world.file(`${world.home()}/SOUL.md`, "two\n") };
    expect(() => world.up(other, { owner: "arc/other" })).toThrow("it belongs to the stack arc/main");
    expect(readFileSync(`${world.home()}/SOUL.md`, "utf8")).toBe("one\n");
  });

  test("shows the changes that a killed run has left incomplete, until the next run completes these changes", () => {
    const world = makeWorld();
    const ok = world.file(`${world.home()}/a`, "a\n");
    const broken = { ...world.file(`${world.home()}/b`, "b\n"), actor: "nobody-here" };
    expect(() => world.up({ ok, broken })).toThrow("there is no user nobody-here");
    const { record, observed } = world.observe({ ok });
    expect(record).toMatchObject({ intended: { ok: { type: "file" } } });
    expect(record?.applied).toBeUndefined();
    expect(observed["ok"] && diffItem("ok", ok, observed["ok"], record)).toEqual([]);
    world.up({ ok });
    expect(world.observe().record?.intended).toBeUndefined();
  });

  test("is removed with the runtime and all recorded items, even if the engine does not know the record", () => {
    const world = makeWorld();
    const file = (name: string) => ({ [name]: world.file(`${world.home()}/${name}`, `${name}\n`) });
    world.up(file("a"), { id: "hub/loom/service" });
    world.up(file("b"), { id: "hub/other/service", owner: "arc/other" });
    world.down({ runtime: { kind: "runtime", want: { bundle: "test", node: "24" } } });
    expect(readdirSync(world.home())).toEqual(["b"]);
    expect(readdirSync(world.host.paths.records)).toEqual(["arc~other"]);
  });

  test("keeps only the stored contents to which the record still refers", () => {
    const world = makeWorld();
    world.up({ a: world.file(`${world.home()}/a`, "one\n") });
    const two = { a: world.file(`${world.home()}/a`, "two\n") };
    world.up(two);
    expect(readdirSync(world.host.paths.contents)).toHaveLength(1);
    world.up(two, { contents: {} });
    writeFileSync(`${world.home()}/a`, "x");
    world.up(two, { contents: {} });
    expect(readFileSync(`${world.home()}/a`, "utf8")).toBe("two\n");
  });

  test("is not written if a stored content does not match its digest", () => {
    const world = makeWorld();
    const a = world.file(`${world.home()}/a`, "one\n");
    expect(() => world.up({ a }, { contents: { [a.want.content]: "forged" } })).toThrow(
      "do not match their digest",
    );
    expect(readdirSync(world.home())).toEqual([]);
  });

  test("cannot have an id that contains `..`", () => {
    const world = makeWorld();
    const request = {
      op: "converge",
      type: "Host",
      owner: OWNER,
      items: {},
      contents: {},
      secrets: {},
    } as const;
    expect(() => converge(world.host, { ...request, id: "../evil" })).toThrow(
      "cannot be the name of a record",
    );
  });
});
