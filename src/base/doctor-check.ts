/** One finding of `fleet doctor` about this machine: what was looked at, what was seen, and the command that mends it. */
export interface Check {
  name: string;
  /** "warn": works as it is, but not as it should. */
  ok: boolean | "warn";
  detail: string;
  fix?: string;
}
