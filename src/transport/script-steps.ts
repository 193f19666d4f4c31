import type { Channel } from "./channel.ts";
import { RuntimeError } from "./host-error.ts";
import { nextMarked } from "./marked-line.ts";
import { plainLine } from "./plain-line.ts";
import type { Target } from "./target.ts";

/** Calls `act`, then waits at most `seconds` seconds for the next answer of the script. */
export type ScriptStep = (seconds: number, act: () => void) => Promise<string>;

/**
 * Returns a function that performs one step of a script in a shell on the host. The returned function throws a
 * RuntimeError "install" if the script answers `failed <why>`.
 *
 * @param what the first part of the error's message
 */
export function scriptSteps(channel: Channel, target: Target, what: string): ScriptStep {
  return async (seconds, act) => {
    const next = nextMarked(channel, target, seconds);
    act();
    const answer = await next;
    if (!answer.startsWith("failed ")) return answer;
    throw scriptFailure(target, what, answer.slice("failed ".length));
  };
}

/** Returns the error for a script that failed. @param why the reason, without a full stop */
export function scriptFailure(target: Target, what: string, why: string, next?: string): RuntimeError {
  return new RuntimeError({
    host: target.name,
    reason: "install",
    what,
    why: `${plainLine(why)}.`,
    next: next ?? "Fix this on the host, then run `npx pulumi up`.",
  });
}
