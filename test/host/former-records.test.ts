import { lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { observe } from "../../src/host/reconcile/observe.ts";
import { AGENT_PARTS, type AgentPart, byPart } from "../../src/model/agent-parts.ts";
import type { HostRecord } from "../../src/model/host-record.ts";
import { FORMER_TYPES } from "../../src/model/legacy-agent-parts.ts";
import { formerPartId } from "../../src/model/resource-id.ts";
import { completeAgent, UNIT } from "./complete-agent.ts";
import { dyingAt } from "./dying.ts";
import { AGENT, OWNER, type World } from "./world.ts";

const FILE = "hub~iris~agent.json";
const recordsOf = ({ host }: World, owner = OWNER) => {
  const folder = join(host.paths.records, owner.replace("/", "~"));
  return { folder, path: join(folder, FILE), files: () => readdirSync(folder).sort() };
};

/** Returns an agent that an earlier version has applied. Each part has its own record, and the agent has none. */
function formerAgent(ownerOf: (part: AgentPart) => string = () => OWNER) {
  const rig = completeAgent();
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

/** Returns all files except the records, each with its inode and ctime, which change when a file is written again. */
function everythingIn({ dir, host }: World): string[] {
  const names = readdirSync(dir, { recursive: true, encoding: "utf8" }).sort();
  return names
    .map((name) => join(dir, name))
    .filter((path) => !path.startsWith(host.paths.records) && !lstatSync(path).isDirectory())
    .map((path) => `${path} ${lstatSync(path).ino} ${lstatSync(path).ctimeMs}`);
}

describe("the former records of an agent's parts", () => {
  test("become one record in the next run, which changes no other file and starts nothing", () => {
    const { world, up, starts, recorded, path } = formerAgent();
    const before = everythingIn(world);
    expect(up()).toMatchObject({ changed: [] });
    expect(everythingIn(world)).toEqual(before);
    expect(starts).toEqual([]);
    expect(recordsOf(world).files()).toEqual([FILE]);
    expect(JSON.parse(readFileSync(path, "utf8"))).toEqual(recorded);
  });

  test("become one record in a run that also makes other changes", () => {
    const { world, up, starts } = formerAgent();
    expect(up([], "two").changed).toContain("identity:SOUL.md.content");
    expect(starts).toEqual([`restart ${UNIT}`]);
    expect(recordsOf(world).files()).toEqual([FILE]);
    expect(world.observe().record?.items).toHaveProperty(["jobs:retro"]);
  });

  test("are ignored if a killed run has left them although the agent already has its own record", () => {
    const { world, up, recorded, path } = formerAgent();
    const stale = {
      ...recorded,
      items: { "identity:stale.md": world.file(`${world.home()}/stale.md`, "x") },
    };
    writeFormer(world, stale, "identity", OWNER);
    writeFileSync(`${world.home()}/stale.md`, "x");
    writeFileSync(path, JSON.stringify(recorded));
    expect(world.observe().record).toMatchObject({ id: AGENT.id, items: recorded.items });
    expect(world.observe().items).not.toHaveProperty(["identity:stale.md"]);
    expect(up().changed).toEqual([]);
    expect(recordsOf(world).files()).toEqual([FILE]);
    expect(readFileSync(`${world.home()}/stale.md`, "utf8")).toBe("x");
  });

  test("become one record even if a run is killed at any of its changes", () => {
    let deaths = 0;
    for (let isDead = true; isDead; deaths += 1) {
      const { world, up, recorded, path } = formerAgent();
      const before = everythingIn(world);
      isDead = dyingAt(deaths + 1, () => up());
      expect(world.observe().record).toMatchObject({ id: AGENT.id, items: recorded.items });
      expect(up().changed).toEqual([]);
      expect(recordsOf(world).files(), `after a death at change ${deaths + 1}`).toEqual([FILE]);
      expect(JSON.parse(readFileSync(path, "utf8"))).toEqual(recorded);
      expect(everythingIn(world)).toEqual(before);
    }
    expect(deaths).toBeGreaterThan(5);
  }, 120_000);

  test("become one record of the stack that takes over the agent, even if they belong to two stacks", () => {
    const { world, up, recorded, path } = formerAgent((part) => (part === "unit" ? "arc/dev" : OWNER));
    expect(() => up([], "one", { owner: "arc/other" })).toThrow(/hub\/iris\/agent was not changed/);
    expect(up([], "one", { takesOver: "arc/dev" }).changed).toEqual([]);
    expect(readdirSync(world.host.paths.records)).toEqual(["arc~main"]);
    expect(recordsOf(world).files()).toEqual([FILE]);
    expect(JSON.parse(readFileSync(path, "utf8"))).toEqual(recorded);
  });

  test("become one record of the stack that takes over the agent, even if they belong to another stack", () => {
    const { world, up } = formerAgent(() => "arc/dev");
    expect(() => up()).toThrow(/it belongs to the stack arc\/dev/);
    expect(up([], "one", { takesOver: "arc/dev" }).changed).toEqual([]);
    expect(readdirSync(world.host.paths.records)).toEqual(["arc~main"]);
    expect(recordsOf(world).files()).toEqual([FILE]);
  });

  test("become one record even if their agent has been renamed since", () => {
    const { world, up } = formerAgent();
    const renamed = { id: "hub/vera/agent", formerly: [AGENT.id] };
    expect(up([], "one", renamed).changed).toEqual([]);
    expect(recordsOf(world).files()).toEqual(["hub~vera~agent.json"]);
  });

  test("are observed as the record of one agent", () => {
    const { world, recorded } = formerAgent();
    const { resources, recorded: ids } = observe(world.host, { op: "observe", owner: OWNER });
    expect(ids).toEqual([{ id: AGENT.id, owner: OWNER }]);
    expect(Object.keys(resources)).toEqual([AGENT.id]);
    expect(Object.keys(resources[AGENT.id]?.items ?? {}).sort()).toEqual(Object.keys(recorded.items).sort());
    expect(resources[AGENT.id]?.observed["unit:unit"]).toMatchObject({ props: { active: "running" } });
  });

  test("are removed with their agent and all of its items", () => {
    const { world, made, running } = formerAgent();
    world.down();
    expect(made()).toEqual([]);
    expect(running).toEqual(new Set());
    expect(readdirSync(world.host.paths.records)).toEqual([]);
  });

  test("show the changes that a killed run of the earlier version intended, and the next run completes these changes", () => {
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
    expect(world.observe().record).toMatchObject({
      applied: { "identity:SOUL.md": {} },
      intended: { "contacts:contacts.db": {} },
    });
    up();
    expect(world.observe().record).not.toHaveProperty("intended");
    expect(world.observe().record?.applied).toHaveProperty(["contacts:contacts.db"]);
  });
});
