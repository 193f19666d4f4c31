import { lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { observe } from "../../src/host/reconcile/observe.ts";
import { FORMER_TYPES } from "../../src/model/former-agent.ts";
import type { HostRecord } from "../../src/model/host-record.ts";
import { AGENT_PARTS, type AgentPart, byPart } from "../../src/model/parts.ts";
import { formerPartId } from "../../src/model/resource-id.ts";
import { dyingAt } from "./dying.ts";
import { UNIT, wholeAgent } from "./whole-agent.ts";
import { AGENT, OWNER, type World } from "./world.ts";

const FILE = "hub~iris~agent.json";
const recordsOf = ({ host }: World, owner = OWNER) => {
  const folder = join(host.paths.records, owner.replace("/", "~"));
  return { folder, path: join(folder, FILE), files: () => readdirSync(folder).sort() };
};

/** An agent that an earlier version applied: of each part there is a record of its own, and none of the agent. */
function formerAgent(ownerOf: (part: AgentPart) => string = () => OWNER) {
  const rig = wholeAgent();
  rig.up();
  const { path } = recordsOf(rig.world);
  const record = JSON.parse(readFileSync(path, "utf8")) as HostRecord;
  rmSync(path);
  for (const part of AGENT_PARTS) writeFormer(rig.world, record, part, ownerOf(part));
  rig.starts.length = 0;
  return { ...rig, recorded: record, path };
}

function writeFormer(world: World, { items, applied, ...rest }: HostRecord, part: AgentPart, owner: string) {
  const { folder } = recordsOf(world, owner);
  const id = formerPartId("hub", "iris", part);
  const former = { ...rest, id, owner, type: FORMER_TYPES[part], items: byPart(items)[part] };
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, `${id.replaceAll("/", "~")}.json`),
    `${JSON.stringify({ ...former, applied: byPart(applied ?? {})[part] })}\n`,
  );
}

/** All files but the records, each with its inode and ctime: they change when a file is written again. */
function everythingIn({ dir, host }: World): string[] {
  const names = readdirSync(dir, { recursive: true, encoding: "utf8" }).sort();
  return names
    .map((name) => join(dir, name))
    .filter((path) => !path.startsWith(host.paths.records) && !lstatSync(path).isDirectory())
    .map((path) => `${path} ${lstatSync(path).ino} ${lstatSync(path).ctimeMs}`);
}

describe("the records of an agent's parts", () => {
  test("become one with the next run, which changes nothing on the disk and starts nothing", () => {
    const { world, up, starts, recorded, path } = formerAgent();
    const before = everythingIn(world);
    expect(up()).toMatchObject({ changed: [] });
    expect(everythingIn(world)).toEqual(before);
    expect(starts).toEqual([]);
    expect(recordsOf(world).files()).toEqual([FILE]);
    expect(JSON.parse(readFileSync(path, "utf8"))).toEqual(recorded);
  });

  test("become one with a run that changes something, too", () => {
    const { world, up, starts } = formerAgent();
    expect(up([], "two").changed).toContain("identity:SOUL.md.content");
    expect(starts).toEqual([`restart ${UNIT}`]);
    expect(recordsOf(world).files()).toEqual([FILE]);
    expect(world.look().record?.items).toHaveProperty(["jobs:retro"]);
  });

  test("count for nothing beside the agent's own, as where a run was killed before it deleted them", () => {
    const { world, up, recorded, path } = formerAgent();
    const stale = {
      ...recorded,
      items: { "identity:stale.md": world.file(`${world.home()}/stale.md`, "x") },
    };
    writeFormer(world, stale, "identity", OWNER);
    writeFileSync(`${world.home()}/stale.md`, "x");
    writeFileSync(path, JSON.stringify(recorded));
    expect(world.look().record).toMatchObject({ id: AGENT.id, items: recorded.items });
    expect(world.look().items).not.toHaveProperty(["identity:stale.md"]);
    expect(up().changed).toEqual([]);
    expect(recordsOf(world).files()).toEqual([FILE]);
    expect(readFileSync(`${world.home()}/stale.md`, "utf8")).toBe("x");
  });

  test("become one however often a run dies at a change of that", () => {
    let deaths = 0;
    for (let isDead = true; isDead; deaths += 1) {
      const { world, up, recorded, path } = formerAgent();
      const before = everythingIn(world);
      isDead = dyingAt(deaths + 1, () => up());
      expect(world.look().record).toMatchObject({ id: AGENT.id, items: recorded.items });
      expect(up().changed).toEqual([]);
      expect(recordsOf(world).files(), `after a death at change ${deaths + 1}`).toEqual([FILE]);
      expect(JSON.parse(readFileSync(path, "utf8"))).toEqual(recorded);
      expect(everythingIn(world)).toEqual(before);
    }
    expect(deaths).toBeGreaterThan(5);
  }, 120_000);

  test("that two stacks have become one of the stack that takes over", () => {
    const { world, up, recorded, path } = formerAgent((part) => (part === "unit" ? "arc/dev" : OWNER));
    expect(() => up([], "one", { owner: "arc/other" })).toThrow(/hub\/iris\/agent was not changed/);
    expect(up([], "one", { takesOver: "arc/dev" }).changed).toEqual([]);
    expect(readdirSync(world.host.paths.records)).toEqual(["arc~main"]);
    expect(recordsOf(world).files()).toEqual([FILE]);
    expect(JSON.parse(readFileSync(path, "utf8"))).toEqual(recorded);
  });

  test("that another stack has become one of the stack that takes over", () => {
    const { world, up } = formerAgent(() => "arc/dev");
    expect(() => up()).toThrow(/it belongs to the stack arc\/dev/);
    expect(up([], "one", { takesOver: "arc/dev" }).changed).toEqual([]);
    expect(readdirSync(world.host.paths.records)).toEqual(["arc~main"]);
    expect(recordsOf(world).files()).toEqual([FILE]);
  });

  test("are carried over where their agent was renamed since", () => {
    const { world, up } = formerAgent();
    const renamed = { id: "hub/vera/agent", formerly: [AGENT.id] };
    expect(up([], "one", renamed).changed).toEqual([]);
    expect(recordsOf(world).files()).toEqual(["hub~vera~agent.json"]);
  });

  test("are one agent to whoever looks", () => {
    const { world, recorded } = formerAgent();
    const { resources, recorded: ids } = observe(world.host, { op: "observe", owner: OWNER });
    expect(ids).toEqual([{ id: AGENT.id, owner: OWNER }]);
    expect(Object.keys(resources)).toEqual([AGENT.id]);
    expect(Object.keys(resources[AGENT.id]?.items ?? {}).sort()).toEqual(Object.keys(recorded.items).sort());
    expect(resources[AGENT.id]?.observed["unit:unit"]).toMatchObject({ props: { active: "running" } });
  });

  test("go with their agent, and all that they tell of", () => {
    const { world, made, running } = formerAgent();
    world.down();
    expect(made()).toEqual([]);
    expect(running).toEqual(new Set());
    expect(readdirSync(world.host.paths.records)).toEqual([]);
  });

  test("tell what a killed run of then meant, and the next run finishes it", () => {
    const { world, up, recorded } = formerAgent();
    const { applied = {}, ...rest } = recorded;
    const { folder } = recordsOf(world);
    const unfinished = {
      ...rest,
      id: "hub/iris/contacts",
      type: "ContactBook",
      items: byPart(rest.items).contacts,
    };
    writeFileSync(
      join(folder, "hub~iris~contacts.json"),
      JSON.stringify({ ...unfinished, intended: byPart(applied).contacts }),
    );
    expect(world.look().record).toMatchObject({
      applied: { "identity:SOUL.md": {} },
      intended: { "contacts:contacts.db": {} },
    });
    up();
    expect(world.look().record).not.toHaveProperty("intended");
    expect(world.look().record?.applied).toHaveProperty(["contacts:contacts.db"]);
  });
});
