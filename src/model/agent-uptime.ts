/** The time for which an agent ran and worked on one day, as its host's deadman or Prometheus has measured it. */
export interface AgentUptime {
  readonly agent: string;
  /** The day in UTC, such as `2026-11-30`. */
  readonly date: string;
  /** The number of seconds in which the agent's program ran. */
  readonly up: number;
  /** The number of seconds in which the agent ran and was not idle. */
  readonly busy: number;
  /** The number of seconds in which a person had paused the agent. These seconds do not count. */
  readonly paused: number;
  /** The time of the first sample of the agent on this day, in seconds since midnight. */
  readonly from: number;
  /** The number of seconds in which Prometheus did not run. These seconds do not count. Absent in a host's own records. */
  readonly unknown?: number;
}

/** The number of days for which a host keeps these records. */
export const UPTIME_DAYS = 40;
