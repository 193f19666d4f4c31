import { holdFile, jobsOffFile, quarantineFile } from "../../model/host-paths.ts";
import {
  JOB_FAILED,
  JOB_REPLACE,
  type JobName,
  jobOfUnit,
  jobService,
  jobWord,
  RETRY_KEY,
} from "../../model/job.ts";
import type { ScopedAgent, TenantScope } from "../../model/tenant-scope.ts";
import { exactly, free, needed, oneOf, WORDS } from "./tenant-directives.ts";
import { OUTDATED_SCOPE, programDirectives } from "./tenant-unit.ts";
import { type Directive, type Sections, textRefusal } from "./unit-text-refusal.ts";

/**
 * Returns the agent's job that a unit belongs to, and the kind of the unit; undefined if the unit belongs to
 * none of the agent's jobs.
 */
export function jobUnitOf(
  { name }: ScopedAgent,
  unit: unknown,
): { readonly job: JobName; readonly kind: "service" | "timer" } | undefined {
  const job = typeof unit === "string" ? jobOfUnit(unit) : undefined;
  if (job?.agent !== name) return undefined;
  return { job, kind: `${unit}`.endsWith(".timer") ? "timer" : "service" };
}

/** Returns why a text is not allowed as a unit of an agent's job; undefined if it is allowed. */
export function jobRefusal(
  scope: TenantScope,
  agent: ScopedAgent,
  unit: string,
  text: string,
): string | undefined {
  const found = jobUnitOf(agent, unit);
  if (found === undefined) return "it is not a unit of this agent's jobs";
  if (agent.hardening === undefined) return OUTDATED_SCOPE;
  const { job, kind } = found;
  return textRefusal(kind === "timer" ? timerSections(job) : serviceSections(scope, agent, job), text);
}

/**
 * Returns the sections that are allowed in a timer. Only the characters of the schedule are checked here,
 * because systemd itself refuses an invalid schedule.
 */
function timerSections(job: JobName): Sections {
  const service = jobService(job);
  return {
    Unit: { Description: free, After: exactly(service) },
    Timer: {
      OnCalendar: {
        test: (time) => /^[A-Za-z0-9*][A-Za-z0-9*,./:~ +_-]{0,255}$/.test(time),
        many: true,
        needed: true,
      },
      AccuracySec: exactly("1s"),
      Persistent: exactly("yes"),
      Unit: {
        test: (unit) => unit === service || unit === `${JOB_REPLACE}${jobWord(job)}.service`,
        needed: true,
      },
    },
    Install: { WantedBy: exactly("timers.target") },
  };
}

function serviceSections(scope: TenantScope, agent: ScopedAgent, job: JobName): Sections {
  const holds = [holdFile(), holdFile(agent.name), quarantineFile(agent.unit)].map((path) => `!${path}`);
  // A budget for jobs adds this condition.
  const allowed = [...holds, `!${jobsOffFile(agent.name)}`];
  const condition: Directive = { test: (value) => allowed.includes(value), many: true, each: holds };
  return {
    Unit: {
      Description: free,
      After: exactly("network.target"),
      ConditionPathExists: condition,
      OnFailure: needed(`${JOB_FAILED}${jobWord(job)}.service`),
      StartLimitIntervalSec: exactly("0"),
      [RETRY_KEY]: oneOf(/^\d{1,2} \d{1,5}$/),
    },
    Service: {
      Type: needed("oneshot"),
      ExecStart: { test: startsProgram, needed: true },
      TimeoutStartSec: { test: (value) => /^\d{1,6}$/.test(value), needed: true },
      TimeoutStopSec: oneOf(/^\d{1,3}$/),
      SuccessExitStatus: exactly("143 SIGTERM"),
      ...programDirectives(scope, agent),
    },
  };
}

/**
 * Whether a command starts a program without a prefix such as `+` or `!`. A prefix
 * would change the program's rights.
 */
function startsProgram(value: string): boolean {
  const env = "/usr/bin/env";
  return value.startsWith(`${env} `) && WORDS.test(value.slice(env.length));
}
