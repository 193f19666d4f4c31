import { posix } from "node:path";
import { quarantineFile } from "../../model/layout.ts";
import type { ScopedAgent, TenantScope } from "../../model/tenant-scope.ts";
import { shown } from "./form.ts";

/** Whether a value is one that a directive may have. */
type Test = (value: string) => boolean;

interface Directive {
  readonly test: Test;
  /** What it must be, where there is but one such value. */
  readonly only?: string;
  /** A unit without it would run with other rights than the scope's. */
  readonly needed?: true;
  readonly many?: true;
}

type Sections = Readonly<Record<string, Readonly<Record<string, Directive>>>>;

/**
 * Why systemd may not be given a text as the unit of an agent; nothing where it may. A parser of our own that knows
 * a part of systemd's syntax and refuses the rest: sections, one directive a line, and no line that goes on in the next.
 */
export function unitRefusal(scope: TenantScope, agent: ScopedAgent, text: string): string | undefined {
  if (agent.hardening === undefined) return "what its unit must have is not said by this version yet";
  const sections = sectionsFor(scope, agent);
  const seen = new Set<string>();
  let section = "";
  if (!text.isWellFormed() || text.length > 256 * 1024) return "its unit is not a short text";
  for (const line of text.split("\n")) {
    const flaw = lineFlaw(line);
    if (flaw !== undefined) return flaw;
    const header = /^\[(\w+)\]$/.exec(line)?.[1];
    if (header !== undefined) section = header;
    const directives = sections[section];
    if (directives === undefined || !Object.hasOwn(sections, section))
      return `its unit has ${shown(line)}, which no agent's unit has`;
    if (line === "" || header !== undefined) continue;
    const refusal = directiveRefusal(directives, section, line, seen);
    if (refusal !== undefined) return refusal;
  }
  return missing(sections, seen);
}

function lineFlaw(line: string): string | undefined {
  if (/[^\P{Cc}\t]/u.test(line)) return `its unit has the line ${shown(line)}, with a control character`;
  return line.endsWith("\\") ? `its unit has the line ${shown(line)}, which goes on in the next` : undefined;
}

function directiveRefusal(
  directives: Sections[string],
  section: string,
  line: string,
  seen: Set<string>,
): string | undefined {
  const [, key = "", value = ""] = /^([A-Za-z]+)=(.*)$/s.exec(line) ?? [];
  const directive = Object.hasOwn(directives, key) ? directives[key] : undefined;
  const place = `${section}.${key}`;
  if (directive === undefined) return `its unit has ${shown(line)}, which no agent's unit has`;
  if (seen.has(place) && !directive.many) return `its unit says ${key}= twice`;
  seen.add(place);
  if (directive.test(value)) return undefined;
  const must = directive.only === undefined ? "" : `, which must be ${directive.only}`;
  return `its unit has ${shown(line)}${must}`;
}

function missing(sections: Sections, seen: ReadonlySet<string>): string | undefined {
  for (const [section, directives] of Object.entries(sections)) {
    const lacks = Object.keys(directives).find(
      (key) => directives[key]?.needed && !seen.has(`${section}.${key}`),
    );
    if (lacks !== undefined) return `its unit does not say ${lacks}=`;
  }
  return undefined;
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
      Environment: { test: isAssignment, many: true },
      EnvironmentFile: {
        test: (path) => isPlainPath(path) && posix.dirname(path) === agent.credentials,
        many: true,
      },
      ExecStart: { test: startsTmux(`/run/${runtimeDir}/tmux`, agent.name), needed: true },
      Restart: oneOf(/^(always|on-failure|no)$/),
      RestartSec: oneOf(/^\d{1,5}(ms)?$/),
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
