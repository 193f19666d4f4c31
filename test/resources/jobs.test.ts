import { describe, expect, test } from "vitest";
import type { Fleet, JobSpec } from "../../src/config/fleet.ts";
import type { Declaration } from "../../src/model/declaration.ts";
import { itemAddress } from "../../src/model/item-address.ts";
import { inSlice } from "../../src/model/stack-settings.ts";
import { compilePlan } from "../../src/resources/index.ts";
import { jobServiceText, jobTimerText } from "../../src/resources/job-unit-text.ts";
import { agent, fleetOf, job } from "../fixtures/fleet.ts";

const runtime = { bundle: "0123456789abcdef", node: "24.0.0" };
const withJobs = (...jobs: JobSpec[]): Fleet => ({
  ...fleetOf(
    agent({ credentials: ["iris-key"] }),
    agent({ name: "loom", user: "loom", identity: "loom", home: "/home/loom" }),
  ),
  jobs: Object.fromEntries(jobs.map((one) => [one.name, one])),
});
const service = (one: JobSpec) => jobServiceText(withJobs(one), one);

describe("the jobs of a fleet", () => {
  test("belong to their agent, or form one resource of the platform if a host declares them", () => {
    const fleet = withJobs(
      job(),
      job({ name: "second" }),
      job({ name: "tidy", agent: undefined }),
      job({ name: "other", agent: "loom" }),
    );
    const timers = ({ items }: Declaration) =>
      Object.entries(items).flatMap(([name, { kind }]) => (kind === "timer" ? [name] : []));
    const found = compilePlan(fleet, runtime).declarations.filter((one) => timers(one).length > 0);
    expect(found.map((one) => [one.id, one.type, timers(one)])).toEqual([
      ["hub/iris/agent", "Agent", ["jobs:retro", "jobs:second"]],
      ["hub/loom/agent", "Agent", ["jobs:other"]],
      ["hub/jobs", "HostJobs", ["tidy"]],
    ]);
    expect(found[2]?.needs).toEqual(["hub/host"]);
    const arc = { kind: "tenant", tenant: "arc" } as const;
    expect(found.map((one) => inSlice(arc, one))).toEqual([true, true, false]);
    expect(found.map((one) => inSlice({ kind: "platform" }, one))).toEqual([false, false, true]);
  });

  test("have different units, even if dashes could make their names equal", () => {
    const fleet = withJobs(
      job({ name: "b-c", agent: "iris" }),
      job({ name: "iris-b-c", agent: undefined }),
      job({ name: "c", agent: "loom" }),
    );
    const items = compilePlan(fleet, runtime).declarations.flatMap((one) => Object.values(one.items));
    const addresses = items.map(itemAddress);
    expect(new Set(addresses).size).toBe(addresses.length);
    expect(addresses.filter((one) => one.startsWith("timer "))).toEqual([
      "timer muster-job-iris.b-c.timer",
      "timer muster-job-loom.c.timer",
      "timer muster-job-iris-b-c.timer",
    ]);
  });
});

describe("a job's service", () => {
  test("has its agent's user, slice, environment, limits and sandbox", () => {
    const text = service(job({ command: ["./bin/retro", "50%", "$HOME"], env: { LEVEL: "info" } }));
    for (const line of ["User=iris", "Group=arc", "Slice=muster-arc.slice", "ProtectHome=tmpfs"])
      expect(text).toContain(`${line}\n`);
    expect(text).toContain("EnvironmentFile=/var/lib/muster/credentials/iris/iris-key\n");
    expect(text).toContain('Environment="LEVEL=info"\nEnvironment="MUSTER_JOB=retro"\n');
    expect(text).toContain('ExecStart=/usr/bin/env ./bin/retro "50%%" "$$HOME"\n');
    const limited = agent({ limits: { tasks: 40 } });
    expect(jobServiceText({ ...withJobs(), agents: { iris: limited } }, job())).toContain("TasksMax=40\n");
  });

  test("is not started during a hold or its agent's quarantine, and names the unit that reports its failures", () => {
    const text = service(job());
    expect(text.match(/^ConditionPathExists=.*$/gm)).toEqual([
      "ConditionPathExists=!/var/lib/muster/hostd/hold",
      "ConditionPathExists=!/var/lib/muster/hostd/hold-iris",
      "ConditionPathExists=!/var/lib/muster/hostd/quarantine/muster-agent-iris.service",
    ]);
    expect(text).toContain("OnFailure=muster-job-failed@iris.retro.service\n");
    expect(text).toContain("TimeoutStartSec=3600\n");
    expect(text).not.toContain("X-Muster-Retry");
    expect(service(job({ retry: { retries: 2, after: 300 } }))).toContain("X-Muster-Retry=2 300\n");
  });

  test("runs as a dynamic user, as the named user, or as root if a host declares the job", () => {
    const tidy = service(job({ agent: undefined, workdir: "/tmp" }));
    expect(tidy).toContain("DynamicUser=yes\nWorkingDirectory=/tmp\n");
    expect(tidy).toMatch(/ProtectSystem=strict\nProtectHome=yes\n/);
    expect(tidy).toContain("OnFailure=muster-job-failed@retro.service\n");
    const web = service(job({ agent: undefined, user: "www-data" }));
    expect(web).toMatch(/User=www-data\n/);
    expect(web).toMatch(/NoNewPrivileges=yes\n/);
    expect(web).not.toContain("ProtectHome");
    const root = service(job({ agent: undefined, user: "root" }));
    expect(root).toContain("User=root\n");
    expect(root).not.toMatch(/NoNewPrivileges|Protect/);
  });
});

test("a job's timer has all of the job's times, and catches up on missed runs only if fleet.yaml says so", () => {
  const usual = jobTimerText(job({ schedule: ["Mon 09:00", "Sat 12:00 UTC"] }));
  expect(usual).toContain("OnCalendar=Mon 09:00\nOnCalendar=Sat 12:00 UTC\nAccuracySec=1s\n");
  expect(usual).toContain("Unit=muster-job-iris.retro.service\n");
  expect(usual).not.toContain("Persistent");
  const other = jobTimerText(job({ catchUp: true, overlap: "replace" }));
  expect(other).toContain("Persistent=yes\nUnit=muster-job-replace@iris.retro.service\n");
});
