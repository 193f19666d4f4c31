import { posix } from "node:path";
import { quarantineFile, turnUnit } from "../../model/host-paths.ts";
import type { ScopedAgent, TenantScope } from "../../model/tenant-scope.ts";
import { tmuxStart } from "../../model/tmux-start.ts";
import { exactly, free, isAssignment, isPlainPath, needed, oneOf, WORDS } from "./tenant-directives.ts";
import { type Directive, type Sections, type Test, textRefusal } from "./unit-text-refusal.ts";

/**
 * The reason for refusing a unit if the scope has no directives for the sandbox. An earlier version of Muster wrote
 * such a scope.
 */
export const OUTDATED_SCOPE =
  "an earlier version of Muster wrote this tenant's scope: run `npx pulumi up` for the platform's stack";

/** Returns why a text is not allowed as the unit of an agent; undefined if it is allowed. */
export function unitRefusal(scope: TenantScope, agent: ScopedAgent, text: string): string | undefined {
  if (agent.hardening === undefined) return OUTDATED_SCOPE;
  return textRefusal(sectionsFor(scope, agent), text);
}

/**
 * Returns why a text is not allowed as a drop-in for another provider; undefined if it is allowed. The
 * drop-in can set only the program and its environment.
 */
export function providerRefusal(agent: ScopedAgent, text: string): string | undefined {
  const { Environment, EnvironmentFile, ExecStart } = runLines(agent);
  const lines = Object.entries({ Environment, EnvironmentFile, ExecStart });
  return textRefusal(
    { Service: Object.fromEntries(lines.map(([key, line]) => [key, orNothing(line)])) },
    text,
  );
}

/** Returns an optional, repeatable directive that also allows an empty value. An empty value resets the directive. */
function orNothing({ test, ...rest }: Directive): Directive {
  return { ...rest, test: (value) => value === "" || test(value), many: true };
}

function sectionsFor(scope: TenantScope, agent: ScopedAgent): Sections {
  const runtimeDir = `muster-${agent.name}`;
  return {
    Unit: {
      Description: free,
      Wants: exactly(turnUnit(agent.name)),
      After: oneOf(new RegExp(`^network\\.target( muster-turn@${agent.name}\\.service)?$`)),
      ConditionPathExists: needed(`!${quarantineFile(agent.unit)}`),
      StartLimitIntervalSec: exactly("0"),
    },
    Service: {
      Type: needed("forking"),
      ...programDirectives(scope, agent),
      RuntimeDirectory: exactly(runtimeDir),
      RuntimeDirectoryMode: exactly("0700"),
      LogsDirectory: exactly(runtimeDir),
      LogsDirectoryMode: exactly("0700"),
      ExecStart: runLines(agent).ExecStart,
      Restart: oneOf(/^(always|on-failure|no)$/),
      RestartSec: oneOf(/^\d{1,5}(ms)?$/),
      TimeoutStopSec: oneOf(/^\d{1,3}$/),
      NotifyAccess: oneOf(/^(all|main|exec|none)$/),
      WatchdogSec: oneOf(/^\d{1,5}$/),
      OOMPolicy: exactly("continue"),
    },
    Install: { WantedBy: exactly("multi-user.target") },
  };
}

/** Returns the directives for the rights, environment, limits and sandbox of an agent's program. */
export function programDirectives({ tenant, slice }: TenantScope, agent: ScopedAgent): Sections[string] {
  const { Environment, EnvironmentFile } = runLines(agent);
  return {
    User: needed(agent.user),
    Group: needed(tenant),
    Slice: needed(slice),
    WorkingDirectory: { test: isPlainPath },
    Environment,
    EnvironmentFile,
    MemoryMax: oneOf(/^\d{1,6}[MG]$/),
    MemorySwapMax: exactly("0"),
    CPUQuota: oneOf(/^\d{1,6}%$/),
    TasksMax: oneOf(/^\d{1,7}$/),
    // The sandbox also protects other tenants, so the platform sets the sandbox, and the tenant must not change it.
    ...Object.fromEntries(Object.entries(agent.hardening ?? {}).map(([key, only]) => [key, needed(only)])),
  };
}

/** Returns the directives for the agent's program and its environment. */
function runLines({ name, credentials }: ScopedAgent) {
  return {
    Environment: { test: isAssignment, many: true },
    EnvironmentFile: {
      test: (path: string) => isPlainPath(path) && posix.dirname(path) === credentials,
      many: true,
    },
    ExecStart: { test: startsTmux(name), needed: true },
  } as const satisfies Readonly<Record<string, Directive>>;
}

/**
 * Returns a test for a command that starts the agent's program in the agent's own tmux. The test fails if the command
 * has an unquoted special character, or a prefix such as `+` or `!`. Such a prefix would change the program's rights.
 */
function startsTmux(agent: string): Test {
  const start = tmuxStart(agent).join(" ");
  return (value) => value.startsWith(`${start} `) && WORDS.test(value.slice(start.length));
}
