/**
 * What runs, or is to run, as a user of ours and that no record of ours has: a line of a crontab, a unit of systemd's or
 * of the user's own, a tmux server.
 */
export interface Unmanaged {
  readonly kind: UnmanagedKind;
  /** The Linux user. */
  readonly user: string;
  /** Its program, unit or process; never a whole command line, which may hold secrets. */
  readonly name: string;
  /** A file, with the line where it has more of them, or a cgroup. */
  readonly where: string;
}

export const UNMANAGED_KINDS = ["cron", "timer", "service", "user timer", "user service", "tmux"] as const;

export type UnmanagedKind = (typeof UNMANAGED_KINDS)[number];
