import { mkdirSync, readFileSync, unlinkSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { observe } from "../../src/host/reconcile/observe.ts";
import { ledgers, resolveRepeated } from "../../src/host/reports/ledgers.ts";
import { runProgram } from "../../src/host/system/run-program.ts";
import { secretDigest } from "../../src/model/digest.ts";
import { AS_DECLARED } from "../../src/model/items.ts";
import { isRecurring } from "../../src/model/recurrence.ts";
import { AGENT, IRIS, makeAgentWorld, makeWorld, OWNER, type World } from "./world.ts";

const SOUL = "I am Iris.\n";
const WEEK = 604_800;
const LEAD = { by: "lead@ops", run: "2026-11-03T02:15:00.000Z" };

function souls(world: World, text = SOUL) {
  return { "identity:SOUL.md": world.file(`${world.home()}/SOUL.md`, text) };
}

/** Applies SOUL.md. Then overwrites and repairs the file the given number of times. */
function repair(world: World, times: number): void {
  for (let i = 0; i < times; i += 1) {
    writeFileSync(`${world.home()}/SOUL.md`, `I am Arc, for the ${i}th time.\n`);
    world.up(souls(world), LEAD);
  }
}

function ledgerOf({ host }: World) {
  return ledgers(host).ledgers[AGENT.id];
}

function repeatedOn({ host }: World) {
  return observe(host, { op: "observe", resources: [], owner: OWNER }).repeated ?? [];
}

describe("the ledger", () => {
  test("keeps each drift after its repair: the property, both values, the times and the person", () => {
    const world = makeAgentWorld();
    world.up(souls(world));
    expect(ledgerOf(world)).toBeUndefined();
    repair(world, 1);
    expect(ledgerOf(world)?.corrective).toMatchObject([
      { item: "identity:SOUL.md", property: "content", cause: "drift", ...LEAD },
    ]);
    const [entry] = ledgerOf(world)?.corrective ?? [];
    expect(entry?.observed).toContain("I am Arc");
    expect(entry?.repaired && entry.seen <= entry.repaired).toBe(true);
  });

  test("keeps changes of fleet.yaml separate from repairs", () => {
    const world = makeAgentWorld();
    world.up(souls(world));
    for (const text of ["one\n", "two\n", "three\n"]) world.up(souls(world, text), LEAD);
    expect(ledgerOf(world)).toMatchObject({ corrective: [], intended: [{}, {}, { cause: "intended" }] });
    expect(repeatedOn(world)).toEqual([]);
  });

  test("contains only keyed hashes of a secret, so nobody can check a guess", () => {
    const world = makeAgentWorld();
    const path = `${world.home()}/key`;
    const file = world.file(path, "", { secret: "config:key" });
    const items = { "credentials:key": { ...file, want: { ...file.want, content: AS_DECLARED } } } as const;
    world.up(items, { secrets: { "credentials:key": "canary-1" } });
    writeFileSync(path, "canary-2");
    world.up(items, { secrets: { "credentials:key": "canary-1" } });
    const text = readFileSync(`${world.host.paths.state}/ledgers/hub~iris~agent.json`, "utf8");
    expect(text).toContain("a secret with the hash");
    for (const value of ["canary-1", "canary-2"]) {
      expect(text).not.toContain(value);
      expect(text).not.toContain(secretDigest(path, value).slice(7, 19));
    }
  });

  test("keeps a drift as open if its repair has failed, with the time of the first observation", () => {
    const world = makeAgentWorld();
    world.up(souls(world));
    unlinkSync(`${world.home()}/SOUL.md`);
    const items = {
      "identity:SOUL.md": world.file(`${world.home()}/SOUL.md`, SOUL, { owner: "nobody-here" }),
    };
    expect(world.up(items).failures).toHaveLength(1);
    const [first] = ledgerOf(world)?.corrective ?? [];
    world.up(souls(world), LEAD);
    const [second, ...others] = ledgerOf(world)?.corrective ?? [];
    expect(others).toEqual([]);
    expect(second).toMatchObject({ property: "type", seen: first?.seen, ...LEAD });
  });

  test("has a limited size, and a damaged ledger stops no repair", () => {
    const world = makeAgentWorld();
    world.up(souls(world));
    const file = `${world.host.paths.state}/ledgers/hub~iris~agent.json`;
    mkdirSync(`${world.host.paths.state}/ledgers`, { recursive: true });
    writeFileSync(file, '{"corrective": [{"item"');
    repair(world, 1);
    expect(ledgerOf(world)?.corrective).toHaveLength(1);
    const [entry] = ledgerOf(world)?.corrective ?? [];
    writeFileSync(file, JSON.stringify({ corrective: Array.from({ length: 5000 }, () => entry) }));
    repair(world, 1);
    expect(ledgerOf(world)?.corrective).toHaveLength(200);
  });

  test("is deleted together with its resource", () => {
    const world = makeAgentWorld();
    world.up(souls(world));
    repair(world, 1);
    world.down(souls(world));
    expect(ledgers(world.host).ledgers).toEqual({});
  });
});

describe("repairs of the same property", () => {
  test("are reported from the third repair until a person closes the finding, and are then counted from zero again", () => {
    const world = makeAgentWorld();
    world.up(souls(world));
    repair(world, 2);
    expect(repeatedOn(world)).toEqual([]);
    repair(world, 1);
    const [found, ...others] = repeatedOn(world);
    expect(others).toEqual([]);
    expect(found).toMatchObject({
      resource: AGENT.id,
      item: "identity:SOUL.md",
      property: "content",
      by: LEAD.by,
    });
    expect(found && isRecurring(found, WEEK)).toBe(true);
    const request = {
      op: "resolve",
      resource: AGENT.id,
      by: "lead@ops",
      why: "the sync reads first",
    } as const;
    expect(resolveRepeated(world.host, { ...request, id: "00000000" })).toEqual({});
    expect(resolveRepeated(world.host, { ...request, id: found?.id ?? "" }).closed).toEqual(found);
    expect(repeatedOn(world)).toEqual([]);
    expect(ledgerOf(world)).toMatchObject({ closings: [{ why: "the sync reads first" }] });
    repair(world, 2);
    expect(repeatedOn(world)).toEqual([]);
    repair(world, 1);
    expect(repeatedOn(world)).toHaveLength(1);
  });

  test("count as recurring only if three repairs were within the declared time, even if these repairs were long ago", () => {
    const at = (...days: number[]) => ({
      ...{ id: "", resource: "", item: "", property: "", declared: "", observed: "" },
      repairs: days.map((day) => new Date(day * 86_400_000).toISOString()),
    });
    expect(isRecurring(at(1, 5, 9), WEEK)).toBe(false);
    expect(isRecurring(at(1, 5, 8), WEEK)).toBe(true);
    expect(isRecurring(at(1, 2, 3, 500), WEEK)).toBe(true);
  });

  test("name the programs that the journal shows in the second of the last write as probable writers, without their command lines", () => {
    const lines = [
      { SYSLOG_IDENTIFIER: "CRON", _UID: "0", MESSAGE: "(iris) CMD (TOKEN=canary sh sync.sh --key canary)" },
      { SYSLOG_IDENTIFIER: "CRON", _UID: "1000", MESSAGE: "(loom) CMD (forged)" },
      {
        MESSAGE_ID: "39f53479d3a045ac8e11786248231fbf",
        _UID: "0",
        UNIT: "fleet-self-sync.service",
        MESSAGE: "",
      },
      { _SYSTEMD_UNIT: "systemd-journald.service", _UID: "0", MESSAGE: "" },
    ];
    const stdout = `garbage\n${lines.map((line) => JSON.stringify(line)).join("\n")}\n`;
    const world = makeAgentWorld((program, args, options) =>
      program === "journalctl" ? { status: 0, stdout, stderr: "" } : runProgram(program, args, options),
    );
    world.up(souls(world));
    repair(world, 3);
    expect(repeatedOn(world)[0]?.writer).toMatchObject({
      owner: "iris",
      ran: ["cron of iris: sh", "fleet-self-sync.service"],
    });
  });

  test("name no writer if the host has no journal", () => {
    const world = makeWorld(
      [IRIS],
      (program, args, options) =>
        program === "journalctl"
          ? { status: null, stdout: "", stderr: "" }
          : runProgram(program, args, options),
      AGENT,
    );
    world.up(souls(world));
    repair(world, 3);
    expect(repeatedOn(world)[0]?.writer).toMatchObject({ owner: "iris", ran: [] });
  });
});
