import type { Channel } from "./channel.ts";
import { nextMarked } from "./handshake.ts";
import { RuntimeError } from "./host-error.ts";
import { plainLine } from "./plain-line.ts";
import type { Target } from "./target.ts";

/** Does something, then waits for the script's next answer, at most so many seconds. */
export type ScriptStep = (seconds: number, act: () => void) => Promise<string>;

/**
 * Speaks with a script that runs in a root shell on the host.
 *
 * @param what says what failed if the script answers `failed <why>`
 * @throws RuntimeError "install" from a step that failed
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

/** @param why what the host said, or we know, without a full stop */
export function scriptFailure(target: Target, what: string, why: string, next?: string): RuntimeError {
  return new RuntimeError({
    host: target.name,
    reason: "install",
    what,
    why: `${plainLine(why)}.`,
    next: next ?? "Mend that on the host, then run `npx pulumi up`.",
  });
}
