import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv } from "ajv";
import { expect, test } from "vitest";
import { packageRoot } from "../../../src/base/paths.ts";
import { observeJobs } from "../../../src/cli/observe/jobs.ts";
import { renderJobs, renderJobsJson } from "../../../src/cli/render/jobs.ts";
import type { Selection } from "../../../src/cli/selection.ts";
import type { JobStatus } from "../../../src/model/job.ts";
import { HostError } from "../../../src/transport/host-error.ts";
import { agent, fleetOf, job } from "../../fixtures/fleet.ts";
import { readerOf } from "../support/answers.ts";

const fleet = {
  ...fleetOf(agent(), agent({ name: "loom", host: "west", tenant: "sol" })),
  jobs: Object.fromEntries(
    [
      job(),
      job({ name: "slow" }),
      job({ name: "new" }),
      job({ name: "tidy", agent: undefined }),
      job({ name: "away", agent: "loom", host: "west" }),
    ].map((one) => [one.name, one]),
  ),
};

const NOW = new Date("2026-11-27T12:00:00Z");
const waiting = { timer: "waiting", isRunning: false, next: "2026-11-28T03:00:00Z" } as const;
const SEEN: JobStatus[] = [
  { word: "iris.retro", ...waiting, last: "2026-11-27T03:00:00Z", result: "exit code 3" },
  { word: "iris.slow", timer: "waiting", isRunning: true, last: "2026-11-27T11:59:00Z" },
  { word: "iris.new", timer: "absent", isRunning: false },
  { word: "tidy", ...waiting, held: "paused by /var/lib/muster/hostd/pause" },
];

function look(selection: Selection = {}) {
  const asked: (readonly string[])[] = [];
  const report = observeJobs(fleet, selection, async (host) => {
    if (host === "west")
      throw new HostError({ host, reason: "timeout", what: "it cannot be reached", why: "no answer." });
    return {
      ...readerOf(host).reader,
      jobs: async ({ words }) => {
        asked.push(words);
        return { jobs: SEEN };
      },
    };
  });
  return report.then((told) => ({ told, asked }));
}

test("every job is a row: whose it is, its last run and how that ended, and the next", async () => {
  const { told, asked } = await look();
  expect(asked).toEqual([["iris.retro", "iris.slow", "iris.new", "tidy"]]);
  expect(renderJobs(told, NOW)).toBe(
    [
      "JOB    OF      HOST  SCHEDULE     STATE      LAST    RESULT       NEXT",
      "retro  iris    hub   *-*-* 03:00  waiting    9h ago  exit code 3  in 15h",
      "slow   iris    hub   *-*-* 03:00  running    1m ago  -            -",
      "new    iris    hub   *-*-* 03:00  not there  -       -            -",
      "tidy   (host)  hub   *-*-* 03:00  held       -       -            in 15h",
      "away   loom    west  *-*-* 03:00  away       -       -            -",
      "",
      "west is away, not reached from here before: it cannot be reached: no answer.",
      "tidy is held: paused by /var/lib/muster/hostd/pause.",
      "",
    ].join("\n"),
  );
});

test("a tenant's jobs are its agents' alone, and of a host that is not asked about none", async () => {
  const names = async (selection: Selection) => (await look(selection)).told.jobs.map((row) => row.job);
  expect(await names({ tenant: "sol" })).toEqual(["away"]);
  expect(await names({ slice: { kind: "tenant", tenant: "arc" } })).toEqual(["retro", "slow", "new"]);
  expect(await names({ host: "hub" })).toEqual(["retro", "slow", "new", "tidy"]);
  expect(renderJobs({ jobs: [], hosts: [] })).toBe("fleet.yaml declares no jobs here.\n");
});

test("the JSON is as its schema describes it", async () => {
  const { told } = await look();
  const read = (name: string) => JSON.parse(readFileSync(join(packageRoot(), "docs/schema", name), "utf8"));
  const ajv = new Ajv({ strict: true, allowUnionTypes: true });
  ajv.addSchema(read("drift.schema.json"), "drift.schema.json");
  const validate = ajv.compile(read("jobs.schema.json"));
  const json = JSON.parse(renderJobsJson(told));
  expect(validate(json) || validate.errors).toBe(true);
  expect(json).toMatchObject({
    exit: 4,
    jobs: [{ job: "retro", agent: "iris", tenant: "arc", state: "waiting" }, {}, {}, {}, {}],
  });
});
