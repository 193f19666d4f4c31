import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { expect, onTestFinished, test } from "vitest";
import type { AgentSnapshot } from "../../../src/host/hostd/decision-step.ts";
import { metricsText } from "../../../src/host/hostd/metrics-text.ts";
import { metricsPublisher } from "../../../src/host/hostd/publish-metrics.ts";
import { noteFailedJob } from "../../../src/host/jobs/failed-jobs.ts";
import { writeLedger } from "../../../src/host/store/ledgers.ts";
import { makeWorld } from "../world.ts";
import { policyOf } from "./simulated.ts";

const UNIT = "muster-agent-iris.service";

const snapshot: AgentSnapshot = {
  policy: policyOf("iris"),
  unit: { state: "up", run: "1", restarts: 0, result: "success" },
  ...{ age: 9, reading: {}, isQuarantined: false, held: "", isFresh: true },
};

const iris = {
  unit: UNIT,
  by: "file",
  health: "stale",
  age: 50.4,
  restarts: 2,
  task: "secret plans",
} as const;

const NONE = {
  ...{ quarantined: new Set<string>(), paused: new Set<string>(), bootDisabled: new Set<string>() },
  ...{ parked: new Set<string>(), tokensToday: new Map([["iris", 1234]]) },
  ...{ busy: new Set<string>(), recurrence: new Map<string, number>(), failedJobs: [] },
};

test("the metrics describe each agent and service, and contain no text that an agent has written", () => {
  const view = {
    agents: { iris },
    services: [{ unit: "web.service", health: "healthy", restarts: 0 } as const],
  };
  const lines = metricsText(
    view,
    { iris: snapshot },
    {
      ...{
        ...NONE,
        busy: new Set(["iris"]),
        paused: new Set([UNIT]),
        bootDisabled: new Set([UNIT]),
        recurrence: new Map([["iris", 60.2]]),
      },
      failedJobs: [
        { job: "retro", agent: "iris", at: 1_700_000_000 },
        { job: "prune", at: 1_700_000_001 },
      ],
    },
    1_800_000_000.4,
  ).split("\n");
  for (const line of [
    'muster_agent_up{agent="iris"} 1',
    'muster_agent_busy{agent="iris"} 1',
    'muster_agent_stale{agent="iris"} 1',
    'muster_agent_stuck{agent="iris"} 0',
    'muster_agent_quarantined{agent="iris"} 0',
    'muster_agent_paused{agent="iris"} 1',
    'muster_agent_parked{agent="iris"} 0',
    'muster_agent_login{agent="iris"} 0',
    'muster_agent_tokens_today{agent="iris"} 1234',
    'muster_agent_recent_restarts{agent="iris"} 2',
    'muster_agent_silent_seconds{agent="iris"} 50',
    'muster_agent_boot_disabled{agent="iris"} 1',
    'muster_agent_recurrence_seconds{agent="iris"} 60',
    'muster_job_failed_timestamp_seconds{agent="iris",job_name="retro"} 1700000000',
    'muster_job_failed_timestamp_seconds{job_name="prune"} 1700000001',
    'muster_service_healthy{unit="web.service"} 1',
    "muster_deadman_timestamp_seconds 1800000000",
  ])
    expect(lines).toContain(line);
  expect(lines.join()).not.toContain("secret plans");
});

test("each metric has one type, and each line has the form of Prometheus's text format", () => {
  const text = metricsText({ agents: { iris }, services: [] }, { iris: snapshot }, NONE, 1);
  const lines = text.trimEnd().split("\n");
  expect(lines.length).toBeGreaterThan(20);
  for (const line of lines)
    expect(line).toMatch(/^(# (HELP [a-z_]+ .+\.|TYPE [a-z_]+ gauge)|[a-z_]+(\{[a-z]+="[^"\\\n]*"\})? \d+)$/);
  const types = lines.filter((line) => line.startsWith("# TYPE"));
  expect(new Set(types).size).toBe(types.length);
  expect(text).not.toContain("muster_service_healthy");
});

test("the metrics are written only if the exporter's folder exists, and never through a link", () => {
  const { host } = makeWorld();
  const publish = metricsPublisher(host);
  const mask = process.umask(0o077);
  onTestFinished(() => void process.umask(mask));
  publish(0, { agents: { iris }, services: [] }, { iris: snapshot });
  mkdirSync(host.paths.metrics);
  const target = `${host.paths.metrics}/target`;
  writeFileSync(target, "untouched");
  symlinkSync(target, `${host.paths.metrics}/.muster.new`);
  publish(1, { agents: { iris }, services: [] }, { iris: snapshot });
  expect(readdirSync(host.paths.metrics)).not.toContain("muster.prom");
  publish(20, { agents: { iris }, services: [] }, { iris: snapshot });
  const file = `${host.paths.metrics}/muster.prom`;
  expect(readFileSync(file, "utf8")).toContain('muster_agent_up{agent="iris"} 1');
  expect(statSync(file).mode & 0o777).toBe(0o640);
  expect(readFileSync(target, "utf8")).toBe("untouched");
});

test("the metrics contain agents that do not start at boot, repairs that recur, and jobs that have failed", () => {
  const { host } = makeWorld();
  mkdirSync(host.paths.metrics);
  const publish = metricsPublisher(host);
  const read = () => readFileSync(`${host.paths.metrics}/muster.prom`, "utf8");
  const view = { agents: { iris }, services: [] };
  publish(0, view, { iris: snapshot });
  expect(read()).toContain('muster_agent_boot_disabled{agent="iris"} 1');
  expect(read()).not.toContain("muster_agent_recurrence_seconds");
  mkdirSync(`${host.paths.units}/multi-user.target.wants`, { recursive: true });
  symlinkSync(`${host.paths.units}/${UNIT}`, `${host.paths.units}/multi-user.target.wants/${UNIT}`);
  const repair = (hour: number) => ({
    ...{
      item: "identity:SOUL.md",
      property: "content",
      declared: "a",
      observed: "b",
      cause: "drift" as const,
    },
    ...{ seen: `2026-11-01T0${hour}:00:00Z`, repaired: `2026-11-01T0${hour}:00:00Z` },
  });
  const corrective = [repair(1), repair(5), repair(6), repair(7)];
  writeLedger(host, "hub/iris/agent", { corrective, intended: [], closings: [] });
  noteFailedJob(host, { job: "retro", agent: "iris" });
  publish(20, view, { iris: snapshot });
  expect(read()).toContain('muster_agent_boot_disabled{agent="iris"} 0');
  expect(read()).toContain('muster_agent_recurrence_seconds{agent="iris"} 7200');
  expect(read()).toMatch(/^muster_job_failed_timestamp_seconds\{agent="iris",job_name="retro"\} \d{10}$/m);
});
