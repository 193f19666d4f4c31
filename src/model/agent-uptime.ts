/** How long an agent ran and worked on one day, as the deadman of its host has sampled it. */
export interface AgentUptime {
  readonly agent: string;
  /** The day in UTC, such as `2026-11-30`. */
  readonly date: string;
  /** Seconds in which the agent's program ran. */
  readonly up: number;
  /** Seconds in which the agent ran and was not idle. */
  readonly busy: number;
  /** Seconds in which the agent was paused by a person. They do not count. */
  readonly paused: number;
  /** When the agent was first sampled on this day, in seconds since midnight. */
  readonly from: number;
}

/** The number of days for which a host keeps these records. */
export const UPTIME_DAYS = 40;
