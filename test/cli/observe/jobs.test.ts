import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv } from "ajv";
import { expect, test } from "vitest";
import { packageRoot } from "../../../src/base/muster-folders.ts";
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
      job({ name: "weave", agent: "loom", host: "west" }),
    ].map((one) => [one.name, one]),
  ),
};

const NOW = new Date("2026-11-27T12:00:00Z");
const waiting = { timer: "waiting", isRunning: false, next: "2026-11-28T03:00:00Z" } as const;
const SEEN: JobStatus[] = [
  { word: "iris.retro", ...waiting, last: "2026-11-27T03:00:00Z", result: "exit code 3" },
  { word: "iris.slow", timer: "waiting", isRunning: true, last: "2026-11-27T11:59:00Z" },
  { word: "iris.new", timer: "absent", isRunning: false },
  { word: "tidy", ...waiting, held: "held by /var/lib/muster/hostd/hold" },
];

async function observe(selection: Selection = {}) {
  const requests: (readonly string[])[] = [];
  const report = await observeJobs(fleet, selection, async (host) => {
    if (host === "west")
      throw new HostError({ host, reason: "timeout", what: "it cannot be reached", why: "no answer." });
    return {
      ...readerOf(host).reader,
      jobs: async ({ words }) => {
        requests.push(words);
        return { jobs: SEEN };
      },
    };
  });
  return { report, requests };
}

test("the table of jobs has a row for each job with its agent, its last run and its next run", async () => {
  const { report, requests } = await observe();
  expect(requests).toEqual([["iris.retro", "iris.slow", "iris.new", "tidy"]]);
  expect(renderJobs(report, NOW)).toBe(
    [
      "JOB    OF      HOST  SCHEDULE     STATE        LAST    RESULT       NEXT",
      "retro  iris    hub   *-*-* 03:00  waiting      9h ago  exit code 3  in 15h",
      "slow   iris    hub   *-*-* 03:00  running      1m ago  -            -",
      "new    iris    hub   *-*-* 03:00  not there    -       -            -",
      "tidy   (host)  hub   *-*-* 03:00  held         -       -            in 15h",
      "weave  loom    west  *-*-* 03:00  unreachable  -       -            -",
      "",
      "west is unreachable, never reached from here: it cannot be reached: no answer.",
      "tidy is held: held by /var/lib/muster/hostd/hold.",
      "",
    ].join("\n"),
  );
});

test("only jobs of the selected tenant or host are shown", async () => {
  const names = async (selection: Selection) => (await observe(selection)).report.jobs.map((row) => row.job);
  expect(await names({ tenant: "sol" })).toEqual(["weave"]);
  expect(await names({ slice: { kind: "tenant", tenant: "arc" } })).toEqual(["retro", "slow", "new"]);
  expect(await names({ host: "hub" })).toEqual(["retro", "slow", "new", "tidy"]);
  expect(renderJobs({ jobs: [], hosts: [] })).toBe("fleet.yaml declares no jobs here.\n");
});

test("the JSON output about jobs is valid against its schema", async () => {
  const { report } = await observe();
  const read = (name: string) => JSON.parse(readFileSync(join(packageRoot(), "docs/schema", name), "utf8"));
  const ajv = new Ajv({ strict: true, allowUnionTypes: true });
  ajv.addSchema(read("drift.schema.json"), "drift.schema.json");
  const validate = ajv.compile(read("jobs.schema.json"));
  const json = JSON.parse(renderJobsJson(report));
  expect(validate(json) || validate.errors).toBe(true);
  expect(json).toMatchObject({
    exit: 4,
    jobs: [{ job: "retro", agent: "iris", tenant: "arc", state: "waiting" }, {}, {}, {}, {}],
  });
});
