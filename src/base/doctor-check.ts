/**
 * The result of one check of `fleet doctor`: what was checked, what was found, and the command that fixes it.
 */
export interface Check {
  name: string;
  /** "warn": Muster works, but not in the best way. */
  ok: boolean | "warn";
  detail: string;
  fix?: string;
}
