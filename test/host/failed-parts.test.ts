import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { AGENT_PARTS, type AgentPart, partOf } from "../../src/model/agent-parts.ts";
import { completeAgent, declared, TIMER, UNIT } from "./complete-agent.ts";
import { AGENT } from "./world.ts";

const partsIn = (values: object = {}) =>
  AGENT_PARTS.filter((part) => Object.keys(values).some((name) => partOf(name) === part));

describe("a failed part of an agent", () => {
  test.each<[failed: AgentPart, left: readonly AgentPart[]]>([
    ["identity", AGENT_PARTS],
    ["credentials", ["credentials", "unit", "jobs"]],
    ["contacts", ["contacts"]],
    ["unit", ["unit"]],
    ["jobs", ["jobs"]],
  ])("with the name %s leaves exactly the parts %j unapplied", (failed, left) => {
    const { up, record, made, running } = completeAgent();
    const done = AGENT_PARTS.filter((part) => !left.includes(part));
    const { failures } = up([failed]);
    expect(failures).toMatchObject([
      { part: failed, error: { what: expect.stringContaining(`${AGENT.id}: ${failed}: `) } },
    ]);
    expect(made()).toEqual(done);
    expect([running.has(UNIT), running.has(TIMER)]).toEqual([done.includes("unit"), done.includes("jobs")]);
    expect(record()).toMatchObject({ failures });
    expect([partsIn(record()?.applied), partsIn(record()?.intended)]).toEqual([done, left]);
  });

  test.each(AGENT_PARTS)(
    "is applied by the next run without the fault, and the failure is removed from the record: %s",
    (failed) => {
      const { up, record, made, running } = completeAgent();
      up([failed]);
      expect(up().failures).toBeUndefined();
      expect([made(), [...running].sort()]).toEqual([AGENT_PARTS, [UNIT, TIMER]]);
      expect(partsIn(record()?.applied)).toEqual([...AGENT_PARTS]);
      expect(record()).not.toHaveProperty("intended");
      expect(record()).not.toHaveProperty("failures");
      expect(up().changed).toEqual([]);
    },
  );

  test("is reported with its item and the reason, even if several parts fail", () => {
    const { up, world } = completeAgent();
    const { failures = [] } = up(["contacts", "jobs"]);
    expect(Object.fromEntries(failures.map(({ part, error }) => [part, error]))).toMatchObject({
      contacts: {
        what: `${AGENT.id}: contacts: contacts.db (${world.home()}/contacts.db contacts)`,
        why: expect.stringContaining("there is no user nobody-here"),
      },
      jobs: { what: `${AGENT.id}: jobs: retro program (program mosaic of ${UNIT})` },
    });
  });

  test("remains in the record as it was last applied", () => {
    const { up, record, world } = completeAgent();
    up();
    const before = record()?.applied ?? {};
    up(["contacts"], "two");
    const { applied = {}, intended = {} } = record() ?? {};
    expect(applied["contacts:contacts.db"]).toEqual(before["contacts:contacts.db"]);
    expect(intended["contacts:contacts.db"]).not.toEqual(before["contacts:contacts.db"]);
    expect(applied["identity:SOUL.md"]).not.toEqual(before["identity:SOUL.md"]);
    expect(readFileSync(`${world.home()}/SOUL.md`, "utf8")).toBe("two");
  });

  test("defers the restart of its agent until a run has applied the part", () => {
    const { up, starts } = completeAgent();
    up();
    starts.length = 0;
    up(["credentials"], "two");
    expect(starts).toEqual([]);
    up([], "two");
    expect(starts).toEqual([`restart ${UNIT}`]);
  });

  test("does not defer the restart of its agent if the unit does not need the part", () => {
    const { up, starts } = completeAgent();
    up();
    starts.length = 0;
    expect(up(["contacts"], "two").failures).toMatchObject([{ part: "contacts" }]);
    expect(starts).toEqual([`restart ${UNIT}`]);
  });

  test("leaves no record and no file if its agent is removed before it was ever applied", () => {
    const { up, world, made } = completeAgent();
    up(["unit"]);
    world.down();
    expect(made()).toEqual([]);
    expect(existsSync(`${world.host.paths.records}/arc~main/hub~iris~agent.json`)).toBe(false);
  });

  test("is applied under the agent's new name if the agent has been renamed since then", () => {
    const { up, world } = completeAgent();
    const renamed = { id: "hub/vera/agent", formerly: [AGENT.id] };
    up(["contacts"]);
    expect(up(["contacts"], "one", renamed).failures).toMatchObject([{ part: "contacts" }]);
    expect(up([], "one", renamed).failures).toBeUndefined();
    expect(readdirSync(`${world.host.paths.records}/arc~main`)).toEqual(["hub~vera~agent.json"]);
  });
});

describe("a part that depends on a failed part", () => {
  test("is not changed on the disk, inside or outside the agent's home", () => {
    const { world } = completeAgent();
    const { items, contents } = declared(world, ["identity"], "one");
    const path = `${world.dir}/etc/systemd`;
    const { actor: _, ...file } = world.file(path, "one");
    const { failures } = world.up(
      { ...items, "unit:unit file": { ...file, notify: UNIT } },
      { contents, secrets: { "credentials:key": "one" } },
    );
    expect(failures).toMatchObject([{ part: "identity" }]);
    expect(existsSync(path)).toBe(false);
  });
});
