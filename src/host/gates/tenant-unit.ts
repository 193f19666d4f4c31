import { posix } from "node:path";
import { quarantineFile } from "../../model/layout.ts";
import type { ScopedAgent, TenantScope } from "../../model/tenant-scope.ts";
import {
  directivesRefusal,
  exactly,
  free,
  isAssignment,
  isPlainPath,
  needed,
  oneOf,
  type Sections,
  type Test,
  WORDS,
} from "./tenant-directives.ts";

/** Why systemd may not be given a text as the unit of an agent; nothing where it may. */
export function unitRefusal(scope: TenantScope, agent: ScopedAgent, text: string): string | undefined {
  if (agent.hardening === undefined) return "what its unit must have is not said by this version yet";
  return directivesRefusal(sectionsFor(scope, agent), text);
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
      RuntimeDirectory: exactly(runtimeDir),
      RuntimeDirectoryMode: exactly("0700"),
      ExecStart: { test: startsTmux(`/run/${runtimeDir}/tmux`, agent.name), needed: true },
      Restart: oneOf(/^(always|on-failure|no)$/),
      RestartSec: oneOf(/^\d{1,5}$/),
      TimeoutStopSec: oneOf(/^\d{1,3}$/),
      NotifyAccess: oneOf(/^(all|main|exec|none)$/),
      WatchdogSec: oneOf(/^\d{1,5}$/),
      OOMPolicy: exactly("continue"),
      ...programDirectives(scope, agent),
    },
    Install: { WantedBy: exactly("multi-user.target") },
  };
}

/** Whose rights a program of an agent's must have, what it may find, and what it must be kept from. */
export function programDirectives({ tenant, slice }: TenantScope, agent: ScopedAgent): Sections[string] {
  return {
    User: needed(agent.user),
    Group: needed(tenant),
    Slice: needed(slice),
    WorkingDirectory: { test: isPlainPath },
    Environment: { test: isAssignment, many: true },
    EnvironmentFile: {
      test: (path) => isPlainPath(path) && posix.dirname(path) === agent.credentials,
      many: true,
    },
    MemoryMax: oneOf(/^\d{1,6}[MG]$/),
    MemorySwapMax: exactly("0"),
    CPUQuota: oneOf(/^\d{1,6}%$/),
    TasksMax: oneOf(/^\d{1,7}$/),
    // What it is kept from protects others too: that is for the platform to say.
    ...Object.fromEntries(Object.entries(agent.hardening ?? {}).map(([key, only]) => [key, needed(only)])),
  };
}

/**
 * A tmux of the agent's own with its program in it. No word before it, as `+` or `!` would be, and none beside it that
 * is not quoted.
 */
function startsTmux(socket: string, session: string): Test {
  const tmux = `/usr/bin/tmux -S ${socket} -f /dev/null new-session -d -s ${session} -x 200 -y 50 -- /usr/bin/env`;
  return (value) => value.startsWith(`${tmux} `) && WORDS.test(value.slice(tmux.length));
}
