/** The result of one check of `fleet doctor`: what was checked, what was found, and how to fix a problem. */
export interface Check {
  name: string;
  /** "warn" if Muster works, but not as well as it could. */
  ok: boolean | "warn";
  detail: string;
  /** The command to run, or what else to do. Absent if nothing is wrong, or if no fix is known. */
  fix?: string;
}
