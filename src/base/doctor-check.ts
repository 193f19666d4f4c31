/** The result of a `fleet doctor` check: what was checked, what was found, and how to fix a problem. */
export interface Check {
  name: string;
  /** "warn" if Muster works, but would work better without the reported problem. */
  ok: boolean | "warn";
  detail: string;
  /** The command that fixes the problem, or an instruction. Absent if nothing is wrong or no fix is known. */
  fix?: string;
}
