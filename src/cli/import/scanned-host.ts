import type { EnvironmentFile } from "./environment-file.ts";
import type { PathKind } from "./move-paths-to-new-home.ts";
import type { UnitSettings } from "./unit-settings.ts";

/** The facts that a scan has read on a host, without any conclusions. */
export interface ScannedHost {
  /** The name of the operating system; present only if the host has no systemd. */
  readonly foreign?: string;
  /** Whether the output is complete. An incomplete output does not contain everything that was scanned. */
  readonly isComplete: boolean;
  /** The user that is logged in for this session, and the process ID of the scan. */
  readonly login: string;
  readonly self: number;
  /** The version of systemd. */
  readonly systemd: number;
  readonly accounts: readonly Account[];
  readonly groups: readonly Group[];
  readonly processes: readonly ScannedProcess[];
  /** The users with a home and a uid from 1000. */
  readonly users: readonly ScannedUser[];
  /** All services, timers, sockets and paths that the system's systemd knows. */
  readonly units: readonly ScannedUnit[];
  /** The services that belong to no package, and the services of packages that a drop-in changes. */
  readonly services: readonly ScannedService[];
  /** The units that the systemd of each user has loaded. */
  readonly userUnits: readonly UserUnit[];
  /** The services of each user's systemd that belong to no package. */
  readonly userServices: readonly ScannedService[];
  /** Unit files for `systemd --user`, by the owner of the home that contains them; "" for all users. */
  readonly userUnitFiles: readonly { readonly user: string; readonly path: string }[];
  readonly terminals: readonly Terminal[];
  /** The paths in homes that commands and variables name, and that exist. */
  readonly paths: ReadonlyMap<string, PathKind>;
  /** The paths of units, crontabs and init scripts that belong to packages. */
  readonly packaged: ReadonlySet<string>;
  readonly schedules: readonly Schedule[];
  /** The users with pending jobs of at(1). */
  readonly pending: readonly string[];
  /** The users whose own systemd runs even without a login. */
  readonly linger: readonly string[];
  /** Well-known programs, such as sudo and ping, that work only with setuid or file capabilities. */
  readonly privileged: readonly string[];
  /** Whether the search for files with setuid or capabilities has ended before its timeout. */
  readonly isSearched: boolean;
  /** The contents of the sudoers files, by path. */
  readonly sudoers: ReadonlyMap<string, string>;
  readonly records: readonly StackRecord[];
}

export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
}

export interface Group {
  readonly name: string;
  readonly gid: number;
  readonly members: readonly string[];
}

export interface ScannedProcess {
  readonly pid: number;
  readonly parent: number;
  readonly uid: number;
  /** The path of the process's cgroup. This path contains the name of its unit. */
  readonly group: string;
  readonly program: string;
}

export interface ScannedUser {
  readonly name: string;
  /** The user's primary group. */
  readonly group: string;
  readonly home: string;
  /** The home's mode, in octal digits. */
  readonly mode: string;
  /** The target of the home, if the home is a symlink. */
  readonly link?: string;
  /** The identity files and the settings of runtimes, by their path in the home. */
  readonly files: Readonly<Record<string, ScannedFile>>;
  readonly book?: Buffer;
  readonly bookLog?: Buffer;
  /** The texts of all files from which sshd reads the user's keys. */
  readonly keys: string;
  /** Files with setuid, setgid or capabilities that the user owns or has in its home. */
  readonly privileged: readonly string[];
}

export interface ScannedFile {
  /** Undefined if the user cannot read the file. */
  readonly bytes: Buffer | undefined;
  /** The file's permissions, as four octal digits. */
  readonly mode: string;
  /** The target of the file, if the file is a symlink. */
  readonly link?: string;
}

export interface ScannedUnit {
  readonly name: string;
  readonly path: string;
  /** The file from which a generator has created the unit; empty for all other units. */
  readonly source: string;
  readonly isLoaded: boolean;
  readonly active: boolean;
  readonly enabled: boolean;
  readonly linked: boolean;
  /** Whether the files of the unit have changed since systemd loaded them. */
  readonly stale: boolean;
  readonly triggers: readonly string[];
}

export interface UserUnit extends ScannedUnit {
  readonly user: string;
}

/** A service as systemd has loaded it. */
export interface ScannedService {
  readonly unit: string;
  /** Present if the service belongs to the systemd of `user` and not to the systemd of the system. */
  readonly isUserService?: true;
  /** The name of the user; undefined if systemd creates a user for each start. */
  readonly user: string | undefined;
  readonly group: string;
  readonly type: string;
  readonly starts: readonly ExecStart[];
  readonly workdir: string;
  /** The variables as `NAME=value`. */
  readonly environment: readonly string[];
  readonly environmentFiles: readonly EnvironmentFile[];
  readonly unset: readonly string[];
  /** The memory limit in bytes. */
  readonly memory?: number;
  /** The CPU limit in cores. */
  readonly cpu?: number;
  readonly tasks?: number;
  /** The timeout of the watchdog in seconds. */
  readonly watchdog?: number;
  readonly settings: UnitSettings;
  /** Whether a drop-in sets the command. */
  readonly isOverridden: boolean;
  readonly path: string;
  readonly source: string;
  readonly enabled: boolean;
  readonly active: boolean;
  readonly linked: boolean;
  readonly stale: boolean;
}

/** A command that systemd has split into words, but in which systemd has not expanded variables yet. */
export interface ExecStart {
  readonly path: string;
  readonly words: readonly string[];
  /** The meanings of the prefixes of ExecStart=: `ignore-failure`, `no-env-expand`, `privileged`, … */
  readonly flags: readonly string[];
}

/** A tmux server. */
export interface Terminal {
  readonly pid: number;
  readonly socket: string;
  /** The owner of the server. */
  readonly user: string;
  readonly panes: readonly Pane[];
}

export interface Pane {
  readonly pid: number;
  readonly session: string;
  readonly workdir: string;
  /** The start command of the pane, as tmux writes it; empty if the pane was started with a shell. */
  readonly command: string;
  /** The variables of the pane's first process, as `NAME=value`. */
  readonly environment: readonly string[];
}

export interface Schedule {
  readonly path: string;
  /**
   * The number of lines that start a program, and how many of these lines only run the folders of cron, such as
   * /etc/cron.daily.
   */
  readonly lines: number;
  readonly ofFolders: number;
}

/** The users, units and resource of a stack's record. */
export interface StackRecord {
  readonly owner: string;
  readonly users: readonly string[];
  readonly units: readonly string[];
}
