import type { ChoiceSpec, FailoverSpec } from "../fleet.ts";
import type { RawAgent } from "../fleet-yaml-types.ts";
import type { Keys } from "../problem.ts";
import { secondsOf } from "../yaml-values.ts";
import type { Context } from "./context.ts";
import type { Known } from "./provider-choices.ts";

/**
 * The default deadline for a change of the provider. It is shorter than the default deadline for other
 * changes, because an agent without a working provider does nothing useful.
 */
const DEADLINE = "5m";

/** The default of `returnAfter`. An unstable provider usually fails again within this time. */
const RETURN_AFTER = "10m";

/**
 * Resolves the failover rules of an agent and fills in the defaults.
 *
 * @param choices the providers from which the deadman chooses, the best first
 * @returns undefined if there are fewer than two choices
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
      const sentence = "needs at least two `providers`, and a runtime without its own failover";
      report.error(source, [...keys, "failover"], sentence, "key");
    }
    return undefined;
  }
  for (const [i, { provider }] of choices.slice(0, -1).entries()) {
    if (declared["providers"]?.has(provider) && providers[provider]?.probe === undefined) {
      const sentence = `has no \`probe\`, so its failure would not be noticed: add a \`probe\` to providers.${provider}`;
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
