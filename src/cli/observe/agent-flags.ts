import { count } from "../../base/count.ts";
import { expiryText } from "../../config/expiring-credentials.ts";
import { labelOf } from "../../model/agent-parts.ts";
import { runtimeOf } from "../../runtimes/registry.ts";
import { EXIT, type ExitCode } from "../exit.ts";
import type { AgentFacts, RecurringFinding } from "./agent-facts.ts";
import { span } from "./span.ts";

/** A fact about an agent that a person should notice immediately. */
interface FlagKind {
  /** Returns one sentence about the reason for the flag; undefined if the agent does not have the flag. */
  readonly find: (row: AgentFacts) => string | undefined;
  /** The exit code of `fleet ps`; absent if the flag needs no action. */
  readonly exit?: ExitCode;
}

/**
 * All flags of `fleet ps`, in the order in which they are shown: flags with an exit code first. Each flag, its meaning
 * and its exit code are defined only here. docs/observing.md lists all flags, and a test compares the two lists. To add
 * a flag, add one entry.
 */
export const AGENT_FLAGS = {
  DRIFT: {
    exit: EXIT.drift,
    find: ({ agent, runtime, process, otherProcess }) =>
      otherProcess && `${agent}: its pane runs ${process}, which is not a process of ${runtime}.`,
  },
  RUNTIME: {
    exit: EXIT.drift,
    find: ({ agent, version, pinned, owed }) =>
      version !== undefined && pinned !== undefined && version !== pinned && owed === undefined
        ? `${agent} runs version ${version}, but fleet.lock pins ${pinned}: \`npx fleet drift\` shows the details.`
        : undefined,
  },
  "BOOT-ENABLE": {
    exit: EXIT.drift,
    find: ({ agent, lifecycle, state, enabled, former }) =>
      lifecycle === "core" && former === undefined && (enabled ?? "") !== "" && enabled !== "enabled"
        ? `${agent} is ${state}, but its unit is ${enabled}, so it does not start at boot: \`npx pulumi up\` enables it.`
        : undefined,
  },
  STALE: {
    exit: EXIT.policy,
    find: ({ agent, state, silent = 0 }) =>
      state === "stale" ? `${agent} has shown no sign of life for ${span(silent)}.` : undefined,
  },
  STUCK: {
    exit: EXIT.policy,
    find: ({ agent, state, task }) =>
      state === "stuck"
        ? `${agent} reports that it is stuck${task === undefined ? "" : `: ${task}`}.`
        : undefined,
  },
  BLOCKED: {
    exit: EXIT.policy,
    find: ({ agent, blocked, login }) =>
      blocked === undefined || login
        ? undefined
        : `${agent} waits for a person: "${blocked}". \`npx fleet watch ${agent} --takeover\` answers the question.`,
  },
  LOGIN: {
    exit: EXIT.policy,
    find: whyLogin,
  },
  DEAD: { exit: EXIT.policy, find: whyDead },
  QUARANTINE: {
    exit: EXIT.policy,
    find: ({ agent, quarantine }) =>
      quarantine &&
      `${agent} is in quarantine: ${quarantine.reason}. \`npx fleet release ${agent}\` releases it.`,
  },
  PARKED: {
    exit: EXIT.policy,
    find: ({ agent, parked }) =>
      parked &&
      `${agent} has been parked since ${parked.since}: ${parked.reason}. ${
        parked.until === undefined ? "It is tried again every 15 minutes" : `It starts after ${parked.until}`
      }; \`npx fleet resume ${agent}\` starts it now.`,
  },
  EXPIRES: {
    exit: EXIT.policy,
    find: ({ agent, expiring = [] }) =>
      expiring.length === 0
        ? undefined
        : `${agent}: ${expiring.map(({ credential, on }) => `its credential ${credential} ${expiryText(on)}`).join("; ")}.`,
  },
  RECURRING: {
    exit: EXIT.policy,
    find: ({ agent, recurring = [] }) =>
      recurring.length === 0
        ? undefined
        : `${agent}: the same repairs recur: ${recurring.map(recurringText).join(", ")}. \`npx fleet drift\` shows the probable cause.`,
  },
  HANDOFF: {
    exit: EXIT.policy,
    find: ({ agent, handoffs }) =>
      handoffs &&
      `${agent} has sent ${handoffs.waiting === 1 ? "a task or message" : `${handoffs.waiting} tasks or messages`} that could not be delivered since ${handoffs.since}: ${handoffs.error}. The host repeats this, and nothing is lost.`,
  },
  FAILOVER: {
    find: ({ agent, failedOver }) =>
      failedOver &&
      `${agent} has used provider ${failedOver.provider} instead of its first provider since ${failedOver.since}: \`npx fleet history ${agent}\` shows why.`,
  },
  "IDENTITY-OLD": { find: whyIdentityOld },
  ROTATED: { find: whyRotated },
  WAITING: { find: whyWaiting },
  KEYBOARD: {
    find: ({ agent, keyboard }) =>
      keyboard &&
      `${agent}: ${keyboard.by}${keyboard.from === undefined ? "" : ` from ${keyboard.from}`} has controlled its terminal since ${keyboard.since}.`,
  },
  UNMANAGED: {
    find: ({ agent, unmanaged = [] }) =>
      unmanaged.length === 0
        ? undefined
        : `${agent}: undeclared programs run as its user: ${unmanaged.join(", ")}.`,
  },
  UNREACHABLE: {
    // The exit code depends on the host, which can be declared intermittent.
    find: ({ agent, host, state }) =>
      state === "away" ? `${agent}: its state is unknown, because ${host} is unreachable.` : undefined,
  },
} as const satisfies Readonly<Record<string, FlagKind>>;

export type AgentFlag = keyof typeof AGENT_FLAGS;

const FLAGS: Readonly<Record<AgentFlag, FlagKind>> = AGENT_FLAGS;

/** Returns the flags of an agent, in the order of the table. */
export function flagsOf(row: AgentFacts): AgentFlag[] {
  return (Object.keys(FLAGS) as AgentFlag[]).filter((flag) => FLAGS[flag].find(row) !== undefined);
}

/** Returns one sentence for each flag of an agent, except for those in `without`. */
export function flagSentences(
  row: AgentFacts & { readonly flags: readonly AgentFlag[] },
  without: readonly AgentFlag[] = [],
): string[] {
  return row.flags.flatMap((flag) => (without.includes(flag) ? [] : (FLAGS[flag].find(row) ?? [])));
}

/** Returns the exit codes of an agent's flags. */
export function codesOfFlags(flags: readonly AgentFlag[]): ExitCode[] {
  return flags.flatMap((flag) => FLAGS[flag].exit ?? []);
}

/** The number of seconds after the start of a unit during which its pane does not have to show its program yet. */
const STARTUP = 5;

function whyDead(row: AgentFacts): string | undefined {
  const { agent, host, state, lifecycle, former, process, isRestarting, since = 0, isHostEmpty } = row;
  const history = `\`npx fleet history ${agent}\` shows why.`;
  if (isHostEmpty) return undefined;
  if (state === "failed") return `${agent} has failed: ${history}`;
  if (state === "stopped" && lifecycle === "core")
    return `${agent} is stopped: \`npx fleet start ${agent}\` starts it, and ${history}`;
  if (state === "not there") return `${agent} is not on ${host}: \`npx pulumi up\` creates it.`;
  if (isRestarting) return `${agent}: its program has ended, and systemd restarts it: ${history}`;
  const isUp = state === "running" || state === "stuck" || state === "stale";
  if (isUp && former === undefined && process === undefined && since > STARTUP)
    return `${agent}: no program runs in its pane: ${history}`;
  return undefined;
}

/** Returns a phrase about a recurring finding, with the id for `fleet resolve`. */
function recurringText({ id, item, property, repairs }: RecurringFinding): string {
  return `${labelOf(item)} ${property} (${count(repairs, "time")}, ${id})`;
}

function whyIdentityOld({ agent, runtime, identityOld }: AgentFacts): string | undefined {
  if (identityOld === undefined) return undefined;
  const now = `${agent}: its conversation has a former identity`;
  if (identityOld === "fresh")
    return `${now}: \`npx fleet restart ${agent} --when-idle\` begins a new conversation with the current identity.`;
  return runtimeOf(runtime).readsIdentity === "never"
    ? `${now}, and fleet.yaml declares \`onIdentityChange: resume\`: only a new conversation has the current identity.`
    : `${now}: \`npx fleet restart ${agent} --when-idle\` continues the conversation with the current identity.`;
}

function whyWaiting({ agent, host, owed, pausing, isWaiting }: AgentFacts): string | undefined {
  if (isWaiting)
    return `${agent} waits for its turn to start on ${host}, because \`start\` in fleet.yaml declares the time between two starts.`;
  if (pausing !== undefined)
    return `${agent} is paused when it is idle, at the latest ${span(pausing.within)} after ${pausing.since}: ${pausing.by} has requested it.`;
  if (owed === undefined) return undefined;
  const { restart, within, since, by } = owed;
  const latest = `when it is idle, at the latest ${span(within)} after`;
  if (by !== undefined) return `${agent} restarts ${latest} ${since}: ${by} has requested it.`;
  const start = `${agent} still runs as it was declared before ${since}`;
  return restart === "never"
    ? `${start}: \`npx fleet restart ${agent}\` applies the change.`
    : `${start}: it restarts ${latest} that time.`;
}

function whyLogin({ agent, blocked, login, expiredLogins: [expired] = [] }: AgentFacts): string | undefined {
  if (login)
    return `${agent} waits for a login: "${blocked}". Declare a credential for it, or log in with \`npx fleet watch ${agent} --takeover\`.`;
  if (expired === undefined) return undefined;
  return `${agent}: its login ${expired.credential} has expired at ${expired.since}, and its file has no refresh token: log in again (docs/secrets.md).`;
}

/** Names the credentials of which an agent still uses a former value. */
function whyRotated({ agent, formerKeys = [] }: AgentFacts): string | undefined {
  const used = formerKeys.filter(({ unused }) => unused === undefined);
  if (used.length === 0) return undefined;
  const keys = used.map(({ credential, since }) => `${credential}, replaced at ${since}`).join("; ");
  return `${agent} still uses the former value of ${keys}: \`npx fleet restart ${agent}\` restarts it now. Do not revoke this value yet.`;
}
