import { posix } from "node:path";
import { quarantineFile } from "../../model/host-paths.ts";
import type { ScopedAgent, TenantScope } from "../../model/tenant-scope.ts";
import { exactly, free, isAssignment, isPlainPath, needed, oneOf, WORDS } from "./tenant-directives.ts";
import { type Directive, type Sections, type Test, textRefusal } from "./unit-parser.ts";

/** Why systemd may not be given a text as the unit of an agent; nothing where it may. */
export function unitRefusal(scope: TenantScope, agent: ScopedAgent, text: string): string | undefined {
  if (agent.hardening === undefined) return "what its unit must have is not said by this version yet";
  return textRefusal(sectionsFor(scope, agent), text);
}

/** Why a text may not be a drop-in for another provider: it may change only what the unit runs. */
export function providerRefusal(agent: ScopedAgent, text: string): string | undefined {
  const { Environment, EnvironmentFile, ExecStart } = runLines(agent);
  const lines = Object.entries({ Environment, EnvironmentFile, ExecStart });
  return textRefusal(
    { Service: Object.fromEntries(lines.map(([key, line]) => [key, orNothing(line)])) },
    text,
  );
}

/** Allows an empty value too, which resets the directive. */
function orNothing({ test, ...rest }: Directive): Directive {
  return { ...rest, test: (value) => value === "" || test(value), many: true };
}

function sectionsFor(scope: TenantScope, agent: ScopedAgent): Sections {
  const runtimeDir = `muster-${agent.name}`;
  return {
    Unit: {
      Description: free,
      After: exactly("network.target"),
      ConditionPathExists: needed(`!${quarantineFile(agent.unit)}`),
      StartLimitIntervalSec: exactly("0"),
    },
    Service: {
      Type: needed("forking"),
      ...programDirectives(scope, agent),
      RuntimeDirectory: exactly(runtimeDir),
      RuntimeDirectoryMode: exactly("0700"),
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

/** Whose rights a program of an agent's must have, what it may find and use, and what it must be kept from. */
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
    // What it is kept from protects others too: that is for the platform to say.
    ...Object.fromEntries(Object.entries(agent.hardening ?? {}).map(([key, only]) => [key, needed(only)])),
  };
}

/** What its program is, and what it finds. */
function runLines({ name, credentials }: ScopedAgent) {
  return {
    Environment: { test: isAssignment, many: true },
    EnvironmentFile: {
      test: (path: string) => isPlainPath(path) && posix.dirname(path) === credentials,
      many: true,
    },
    ExecStart: { test: startsTmux(`/run/muster-${name}/tmux`, name), needed: true },
  } as const satisfies Readonly<Record<string, Directive>>;
}

/**
 * A tmux of the agent's own with its program in it. No word before it, as `+` or `!` would be, and none beside it that
 * is not quoted.
 */
function startsTmux(socket: string, session: string): Test {
  const tmux = `/usr/bin/tmux -S ${socket} -f /dev/null new-session -d -s ${session} -x 200 -y 50 -- /usr/bin/env`;
  return (value) => value.startsWith(`${tmux} `) && WORDS.test(value.slice(tmux.length));
}
