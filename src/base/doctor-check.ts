/** The result of a `fleet doctor` check: what was checked, what was found, and how to fix a problem. */
export interface Check {
  name: string;
  /** Whether the check has passed. "warn": Muster works, but would work better without the reported problem. */
  ok: boolean | "warn";
  detail: string;
  /** The command or instruction that fixes the problem. Absent if there is no problem or no known fix. */
  fix?: string;
}
