import type { ChoiceSpec, FailoverSpec } from "../fleet.ts";
import type { Keys } from "../problem.ts";
import type { RawAgent } from "../yaml-types.ts";
import { secondsOf } from "../yaml-values.ts";
import type { Context } from "./context.ts";
import type { Known } from "./model-options.ts";

/** An agent on a provider that fails does nothing: it waits for its idleness less long than for a change. */
const DEADLINE = "5m";

/** Longer than a provider that comes and goes is mostly well. */
const RETURN_AFTER = "10m";

/**
 * When an agent changes its provider, with the defaults.
 *
 * @param choices the providers that the deadman chooses among, the best first
 * @returns undefined where there is nothing to choose
 */
export function failoverOf(
  { failover }: RawAgent,
  choices: readonly ChoiceSpec[],
  { providers }: Known,
  keys: Keys,
  { report, source, declared }: Context,
): FailoverSpec | undefined {
  if (choices.length < 2) {
    if (failover !== undefined) {
      const sentence =
        "needs two `providers` at least, and a runtime that does not change among them by itself";
      report.error(source, [...keys, "failover"], sentence, "key");
    }
    return undefined;
  }
  for (const [i, { provider }] of choices.slice(0, -1).entries()) {
    if (declared["providers"]?.has(provider) && providers[provider]?.probe === undefined) {
      const sentence = `has no \`probe\`, so that nobody would notice when it fails: see providers.${provider}`;
      report.error(source, [...keys, "providers", i, "provider"], sentence);
    }
  }
  const {
    switch: when = "when-idle",
    deadline,
    returnAfter,
  } = typeof failover === "string" ? { switch: failover } : (failover ?? {});
  return {
    choices,
    restart: when,
    deadline: secondsOf(deadline ?? DEADLINE),
    returnAfter: secondsOf(returnAfter ?? RETURN_AFTER),
  };
}
