/**
 * What runs or will run as one of our users without a record of ours: a line of a crontab, a unit of systemd or of
 * the user's own manager, a tmux server.
 */
export interface Unmanaged {
  readonly kind: UnmanagedKind;
  /** The Linux user. */
  readonly user: string;
  /** Its program, unit or process; never a whole command line, which may hold secrets. */
  readonly name: string;
  /** A file, with its line number where it has several entries, or a cgroup. */
  readonly where: string;
}

export const UNMANAGED_KINDS = ["cron", "timer", "service", "user timer", "user service", "tmux"] as const;

export type UnmanagedKind = (typeof UNMANAGED_KINDS)[number];
