/** Types for the declared change of an agent from one provider to another. */

export const SWITCHES_WHEN = ["when-idle", "now"] as const;

/** When an agent is restarted in order to switch to another provider. */
export type SwitchWhen = (typeof SWITCHES_WHEN)[number];

/** The part of an agent's policy that the deadman uses for failover. */
export interface FailoverPolicy {
  /**
   * The names of the agent's providers, in the order of preference. The agent's unit uses the first provider.
   * Each other provider has a drop-in.
   */
  readonly providers: readonly string[];
  readonly restart: SwitchWhen;
  /**
   * The maximum number of seconds to wait until the agent is idle. After that, the agent is restarted even if it is not
   * idle.
   */
  readonly deadline: number;
  /**
   * The number of seconds for which a preferred provider must work without a failure before the agent returns to this
   * provider.
   */
  readonly returnAfter: number;
}

/**
 * The pattern for names of providers. It is strict because the names are used in file names. The schema of fleet.yaml
 * has the same pattern.
 */
const PROVIDER = /^[a-z][a-z0-9-]{0,30}$/;

/**
 * Whether a value from a file is a valid failover policy. The value is checked
 * because a tenant can write the file.
 */
export function isFailoverPolicy(value: unknown): value is FailoverPolicy {
  if (typeof value !== "object" || value === null) return false;
  const { providers, restart, deadline, returnAfter } = value as Partial<
    Record<keyof FailoverPolicy, unknown>
  >;
  return (
    isOrder(providers) &&
    SWITCHES_WHEN.some((one) => one === restart) &&
    [deadline, returnAfter].every((seconds) => typeof seconds === "number" && seconds > 0)
  );
}

function isOrder(value: unknown): value is readonly string[] {
  if (!Array.isArray(value) || value.length < 2 || value.length > 20) return false;
  return value.every(isProviderName) && new Set(value).size === value.length;
}

export function isProviderName(value: unknown): value is string {
  return typeof value === "string" && PROVIDER.test(value);
}

/** The provider that an agent should currently use instead of its first provider. */
export interface FailedOver {
  readonly provider: string;
  /** The time when the agent was switched to this provider (UTC, ISO 8601). */
  readonly since: string;
}
