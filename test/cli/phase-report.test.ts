import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Ajv } from "ajv";
import { afterAll, describe, expect, test } from "vitest";
import { packageRoot } from "../../src/base/muster-folders.ts";
import { renderReport, renderReportJson, renderReportMarkdown } from "../../src/cli/render/report.ts";
import { renderReportHtml } from "../../src/cli/render/report-html.ts";
import { dayShares } from "../../src/cli/report/day-shares.ts";
import { liveSnapshot } from "../../src/cli/report/live-snapshot.ts";
import { dayBefore, phaseReport, type ReportSnapshot } from "../../src/cli/report/phase-report.ts";
import { readSnapshot } from "../../src/cli/report/read-snapshot.ts";
import { agent, fleetOf } from "../fixtures/fleet.ts";

/** The figures of the second seed fleet. */
const SEED: ReportSnapshot = {
  ...{ version: 1, fleet: "timmy", at: "2026-04-21T11:28:31Z" },
  ...{ operational: true, uptime: 78, daysInARow: 0, capacity: 35 },
};

const AT = "2026-11-30T12:00:00Z";

/** Returns 30 days of an agent, with the given uptime for the days that are `ago` days ago. */
function days(uptime: (ago: number) => number, capacity = 61) {
  return Array.from({ length: 30 }, (_, ago) => ({
    date: dayBefore(AT, ago),
    uptime: uptime(ago),
    capacity,
  }));
}

const snapshotOf = (...agents: NonNullable<ReportSnapshot["agents"]>): ReportSnapshot => ({
  ...{ version: 1, fleet: "arc", at: AT, operational: true, agents },
});

const folder = mkdtempSync(join(tmpdir(), "muster-report-"));

afterAll(() => rmSync(folder, { recursive: true }));

describe("the phase report", () => {
  test("shows the expected table for the figures of the second seed fleet", () => {
    const report = phaseReport(SEED);
    expect(renderReportMarkdown(report)).toContain(
      [
        "| Resource | Value | Target | Status |",
        "| --- | --- | --- | --- |",
        "| Fleet operational | Yes | Yes | MET |",
        "| Uptime (30d average) | 78 % | >= 95 % | NOT MET |",
        "| Days at 95%+ uptime | 0 | 30 | NOT MET |",
        "| Capacity utilization | 35 % | > 60 % | NOT MET |",
        "",
        "**Phase 2 trigger: NOT READY**",
      ].join("\n"),
    );
    expect(renderReport(report)).toMatch(/^Uptime \(30d average\) +78 % +>= 95 % +NOT MET$/m);
  });

  test.each([
    [{ daysInARow: 30, capacity: 60.1 }, true],
    [{ daysInARow: 29, capacity: 90 }, false],
    [{ daysInARow: 40, capacity: 60 }, false],
  ])("with %j is ready: %s", (figures, isReady) => {
    expect(phaseReport({ ...SEED, ...figures }).isReady).toBe(isReady);
  });

  test("counts consecutive days up to yesterday, and a day below 95 % ends the sequence", () => {
    const bad = days((ago) => (ago === 0 ? 10 : ago <= 6 ? 100 : 60));
    const { figures, missing } = phaseReport(snapshotOf({ agent: "iris", days: bad }));
    expect(figures[2]).toMatchObject({ value: "6", isMet: false });
    expect(missing).toContainEqual(expect.stringMatching(/^iris was up 66\.3 % of the time/));
  });

  test("does not round 94.96 % up to 95 %", () => {
    const { figures } = phaseReport(snapshotOf({ agent: "iris", days: days(() => 94.96) }));
    expect(figures[1]).toMatchObject({ value: "94.9 %", isMet: false });
    expect(figures[2]?.value).toBe("0");
  });

  test("shows figures as unknown if there is no data", () => {
    const { figures, isReady } = phaseReport(snapshotOf());
    expect(figures.map(({ value }) => value)).toEqual(["Yes", "unknown", "unknown", "unknown"]);
    expect(isReady).toBe(false);
  });

  test("as JSON matches its schema, and the snapshot in it produces the same report", () => {
    const report = phaseReport(snapshotOf({ agent: "iris", days: days(() => 99) }));
    const json = JSON.parse(renderReportJson(report, []));
    const ajv = new Ajv({ allErrors: true, allowUnionTypes: true });
    const read = (file: string) => JSON.parse(readFileSync(join(packageRoot(), "docs/schema", file), "utf8"));
    for (const name of ["drift", "report-snapshot"])
      ajv.addSchema(read(`${name}.schema.json`), `${name}.schema.json`);
    const validate = ajv.compile(read("report.schema.json"));
    validate(json);
    expect(validate.errors).toBeNull();
    const file = join(folder, "again.json");
    writeFileSync(file, JSON.stringify(json.snapshot));
    expect(phaseReport(readSnapshot(file))).toEqual(report);
  });

  test("as HTML requests nothing, contains no script, and escapes all texts", () => {
    const agents = [{ agent: "<img src=x>", days: days(() => 99) }];
    const html = renderReportHtml(
      phaseReport({ ...snapshotOf(...agents), drift: [{ date: dayBefore(AT, 3), findings: 2 }] }),
    );
    expect(html).not.toMatch(/<(script|link|img|iframe)|url\(|https?:|@import/i);
    expect(html).toContain("default-src 'none'");
    expect(html).toContain("prefers-color-scheme:dark");
    expect(html.match(/<tr class="agent">/g)).toHaveLength(2);
    expect(html).toContain(`title="${dayBefore(AT, 3)}: 2"`);
  });
});

test("all errors in a snapshot are reported together", () => {
  const file = join(folder, "wrong.json");
  writeFileSync(file, JSON.stringify({ version: 2, fleet: "", at: "today", uptime: 178, extra: 1 }));
  expect(() => readSnapshot(file)).toThrow(
    /version: must be .*fleet: must NOT .*at: must match .*uptime: must be <= 100/s,
  );
  expect(() => readSnapshot(file)).toThrow(/extra is not a known key/);
  expect(() => readSnapshot(file)).toThrow(/operational/);
  expect(() => readSnapshot(join(folder, "missing.json"))).toThrow("was not read");
});

test("days that do not exist and entries that occur twice are reported together with the other errors", () => {
  const day = { date: "2026-02-03", uptime: 1, capacity: 2 };
  const file = join(folder, "twice.json");
  const iris = { agent: "iris", days: [day, { ...day, date: "2026-02-30" }, day] };
  const wrong = { version: 1, fleet: "arc", at: "2026-99-01T00:00:00Z", operational: "yes" };
  writeFileSync(file, JSON.stringify({ ...wrong, agents: [iris, iris], drift: "none" }));
  expect(() => readSnapshot(file)).toThrow(
    /operational: must be boolean.*drift: must be array.*at: 2026-99-01\S+ does not exist.*agents\.1\.agent: iris occurs twice.*agents\.0\.days\.1\.date: 2026-02-30 does not exist.*agents\.0\.days\.2\.date: 2026-02-03 occurs twice/s,
  );
});

describe("the shares of an agent's days", () => {
  const record = (ago: number, up: number, more = {}) => ({
    ...{ agent: "iris", date: dayBefore(AT, ago), up, busy: up / 2, paused: 0, from: 0, ...more },
  });

  test("begin when the host first observes the agent, and a day without a record counts as down", () => {
    const records = [record(3, 43_200, { from: 43_200 }), record(1, 86_400)];
    expect(dayShares(records, AT).map(({ uptime }) => Math.round(uptime))).toEqual([100, 0, 100, 0]);
  });

  test("do not count paused time and the rest of the current day", () => {
    const records = [record(1, 43_200, { paused: 43_200 }), record(0, 43_140)];
    const shares = dayShares(records, AT);
    expect(shares.map(({ uptime }) => Math.round(uptime))).toEqual([100, 100]);
    expect(shares[0]?.capacity).toBe(50);
  });
});

const NOTHING = { uptimes: [], drift: [], whyUnknown: "the deadman writes it once a minute." } as const;

test("the live figures name hosts that did not respond, and agents without a record", () => {
  const fleet = fleetOf(agent());
  const row = { agent: "iris", tenant: "arc", host: "hub", runtime: "pi", lifecycle: "core" } as const;
  const report = { agents: [{ ...row, state: "away", flags: [] }], unwatched: [] } as const;
  const snapshot = liveSnapshot(fleet, { ...report, hosts: [{ host: "hub", state: "away" }] }, NOTHING, AT);
  expect(snapshot).toMatchObject({ operational: false, agents: [] });
  expect(snapshot.missing?.join(" ")).toMatch(/hub did not answer.*1 of 1 agents have no record/);
});

test("the live figures count the changes on hosts that runs have found, by day", () => {
  const entry = {
    host: "hub",
    resource: "hub/iris/agent",
    id: "0a1b2c3d",
    item: "soul",
    property: "content",
  };
  const found = { ...entry, declared: "a", observed: "b", cause: "drift" } as const;
  const seen = (ago: number) => `${dayBefore(AT, ago)}T08:00:00Z`;
  const drift = [
    { ...found, kind: "corrective", seen: seen(2) },
    { ...found, kind: "corrective", seen: seen(2), property: "mode" },
    { ...found, kind: "corrective", seen: seen(1) },
    { ...found, kind: "corrective", seen: seen(35) },
    { ...found, kind: "intended", seen: seen(1) },
  ] as const;
  const nobody = { agents: [], unwatched: [], hosts: [] };
  expect(liveSnapshot(fleetOf(agent()), nobody, { ...NOTHING, drift }, AT).drift).toEqual([
    { date: dayBefore(AT, 2), findings: 2 },
    { date: dayBefore(AT, 1), findings: 1 },
  ]);
});
