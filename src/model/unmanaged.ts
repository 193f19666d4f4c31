/** The kind of an entry that is a copy of a credential in a file of the agent. */
export const KEY_COPY = "key copy";

/**
 * An unmanaged entry: a line of a crontab, a job of at(1), a unit of systemd or of a user's own systemd instance, or a
 * process. Such an entry runs, or will run, as one of Muster's users, but Muster has no record of the entry. An entry of
 * the kind `key copy` is a file in a home that contains a credential.
 */
export interface Unmanaged {
  readonly kind: UnmanagedKind;
  /** The Linux user. */
  readonly user: string;
  /** The name of the program, unit, process or credential; never the complete command line, which can contain secrets. */
  readonly name: string;
  /**
   * The place where the entry was found: a cgroup, or the path of a file. The path has a line number if the file has
   * several entries.
   */
  readonly where: string;
}

export const UNMANAGED_KINDS = [
  ...(["cron", "at"] as const),
  ...(["timer", "path", "service"] as const),
  ...(["user timer", "user path", "user service"] as const),
  ...(["tmux", "process"] as const),
  KEY_COPY,
] as const;

export type UnmanagedKind = (typeof UNMANAGED_KINDS)[number];
