/** What an agent's change from one provider of its model to another is declared by. */

export const SWITCHES_WHEN = ["when-idle", "now"] as const;

/** When an agent that is to run on another provider is started again. */
export type SwitchWhen = (typeof SWITCHES_WHEN)[number];

/** What the deadman goes by, as a part of an agent's policy. */
export interface FailoverPolicy {
  /** Providers by name, the best first. The first is what the agent's unit itself says; the others have a file each. */
  readonly providers: readonly string[];
  readonly restart: SwitchWhen;
  /** Seconds after which it is started again though it is not idle. */
  readonly deadline: number;
  /** Seconds that a better provider must be well for, without a single failure, until the agent goes back to it. */
  readonly returnAfter: number;
}

/** A provider's name, which is a part of file names; the schema of fleet.yaml has the same. */
const PROVIDER = /^[a-z][a-z0-9-]{0,30}$/;

/** Whether a value that was read from a file is such a part of a policy: a tenant may have written it. */
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

/** That an agent is told to run on another provider than its first. */
export interface FailedOver {
  readonly provider: string;
  /** UTC, ISO 8601. */
  readonly since: string;
}
