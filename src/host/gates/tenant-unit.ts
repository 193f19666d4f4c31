import { posix } from "node:path";
import { quarantineFile } from "../../model/layout.ts";
import type { ScopedAgent, TenantScope } from "../../model/tenant-scope.ts";
import { type Directive, type Sections, type Test, textRefusal } from "./unit-parser.ts";

/** Why systemd may not be given a text as the unit of an agent; nothing where it may. */
export function unitRefusal(scope: TenantScope, agent: ScopedAgent, text: string): string | undefined {
  if (agent.hardening === undefined) return "what its unit must have is not said by this version yet";
  return textRefusal(sectionsFor(scope, agent), text);
}

/** Why systemd may not be given a text as what that unit says on another provider: it may change what it runs alone. */
export function choiceRefusal(agent: ScopedAgent, text: string): string | undefined {
  const { Environment, EnvironmentFile, ExecStart } = runLines(agent);
  const lines = Object.entries({ Environment, EnvironmentFile, ExecStart });
  return textRefusal(
    { Service: Object.fromEntries(lines.map(([key, line]) => [key, orNothing(line)])) },
    text,
  );
}

/** An empty value takes back what stands before it. */
function orNothing({ test, ...rest }: Directive): Directive {
  return { ...rest, test: (value) => value === "" || test(value), many: true };
}

function sectionsFor({ tenant, slice }: TenantScope, agent: ScopedAgent): Sections {
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
      User: needed(agent.user),
      Group: needed(tenant),
      Slice: needed(slice),
      WorkingDirectory: { test: isPlainPath },
      RuntimeDirectory: exactly(runtimeDir),
      RuntimeDirectoryMode: exactly("0700"),
      ...runLines(agent),
      Restart: oneOf(/^(always|on-failure|no)$/),
      RestartSec: oneOf(/^\d{1,5}$/),
      TimeoutStopSec: oneOf(/^\d{1,3}$/),
      NotifyAccess: oneOf(/^(all|main|exec|none)$/),
      WatchdogSec: oneOf(/^\d{1,5}$/),
      MemoryMax: oneOf(/^\d{1,6}[MG]$/),
      MemorySwapMax: exactly("0"),
      CPUQuota: oneOf(/^\d{1,6}%$/),
      TasksMax: oneOf(/^\d{1,7}$/),
      OOMPolicy: exactly("continue"),
      // What it is kept from protects others too: that is for the platform to say.
      ...Object.fromEntries(Object.entries(agent.hardening ?? {}).map(([key, only]) => [key, needed(only)])),
    },
    Install: { WantedBy: exactly("multi-user.target") },
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

const free: Directive = { test: (value) => value.length < 1000 };

function exactly(only: string): Directive {
  return { test: (value) => value === only, only };
}

function needed(only: string): Directive {
  return { ...exactly(only), needed: true };
}

function oneOf(pattern: RegExp): Directive {
  return { test: (value) => pattern.test(value) };
}

/** Absolute and plain, and so without a prefix that systemd reads; `%%` is a percent sign, any other a specifier. */
function isPlainPath(value: string): boolean {
  const path = value.replaceAll("%%", "");
  return path.startsWith("/") && !path.includes("%") && posix.normalize(value) === value;
}

/** One `"NAME=value"`: systemd sets it for a program that has the agent's rights alone. */
function isAssignment(value: string): boolean {
  return /^"[A-Za-z_]\w*=(?:[^"\\]|\\.)*"$/.test(value);
}

/**
 * A tmux of the agent's own with its program in it. No word before it, as `+` or `!` would be, and none beside it that
 * is not quoted, as `;` would be, which begins another command.
 */
function startsTmux(socket: string, session: string): Test {
  const tmux = `/usr/bin/tmux -S ${socket} -f /dev/null new-session -d -s ${session} -x 200 -y 50 -- /usr/bin/env`;
  const words = /^(?: (?:[\w@%+=:,./$-]+|"(?:[^"\\]|\\.)*"))+$/;
  return (value) => value.startsWith(`${tmux} `) && words.test(value.slice(tmux.length));
}
