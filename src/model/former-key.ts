/** A former value of a credential that an agent gets in its environment. */
export interface FormerKey {
  readonly credential: string;
  /** The time when `up` replaced or removed the value (UTC, ISO 8601). */
  readonly since: string;
  /**
   * The time since which no process on the host has the value any more (UTC, ISO 8601). Absent while a process has it.
   */
  readonly unused?: string;
}
