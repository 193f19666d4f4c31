/**
 * Something that runs, or will run, as one of Muster's users although Muster has no record of it: a line of a
 * crontab, a unit of systemd or of the user's own systemd instance, or a tmux server.
 */
export interface Unmanaged {
  readonly kind: UnmanagedKind;
  /** The Linux user. */
  readonly user: string;
  /** The name of the program, unit or process; never the complete command line, which may contain secrets. */
  readonly name: string;
  /**
   * Where it was found: the path of a file, with a line number if the file has several entries, or a cgroup.
   */
  readonly where: string;
}

export const UNMANAGED_KINDS = ["cron", "timer", "service", "user timer", "user service", "tmux"] as const;

export type UnmanagedKind = (typeof UNMANAGED_KINDS)[number];
