/** The result of a program. `status` is null if a signal or the time limit has ended the program. */
export interface ProgramResult {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program with a minimal environment. Does not throw if the program fails or does not exist. */
export type RunProgram = (program: string, args: readonly string[], options?: RunOptions) => ProgramResult;

export interface RunOptions {
  /** Time limit in seconds; 60 by default. */
  readonly timeout?: number;
  /** The text for the program's standard input; none by default. */
  readonly input?: string;
  /** The user to run as, if this process is root; by default the user of this process. */
  readonly as?: { readonly uid: number; readonly gid: number };
  /** Descriptors of this process that the program gets as 3, 4, …; none by default. */
  readonly descriptors?: readonly number[];
  /** A descriptor of this process for the program's standard input; an alternative to `input`. */
  readonly stdin?: number;
  /** Variables that are added to the minimal environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/** The environment of programs. No variable of this process's own environment is passed on. */
export const ENVIRONMENT = {
  PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
  LC_ALL: "C",
  DEBIAN_FRONTEND: "noninteractive",
  // Without these variables, needrestart would restart running services after an installation. Old versions of
  // needrestart know only NEEDRESTART_MODE; `l` means that needrestart only lists the services.
  NEEDRESTART_SUSPEND: "1",
  NEEDRESTART_MODE: "l",
  // The time zone is fixed, because Muster parses times in the output of programs.
  TZ: "UTC",
};

export const runProgram: RunProgram = (program, args, options = {}) => {
  // This module is loaded only when needed, because most runs only observe and start no program.
  const { spawnSync } = process.getBuiltinModule("node:child_process");
  const done = spawnSync(program, [...args], {
    encoding: "utf8",
    env: { ...ENVIRONMENT, ...options.env },
    maxBuffer: 16 * 1024 * 1024,
    ...(options.input !== undefined && { input: options.input }),
    ...(options.as && process.geteuid?.() === 0 && { uid: options.as.uid, gid: options.as.gid }),
    stdio: [stdinOf(options), "pipe", "pipe", ...(options.descriptors ?? [])],
    timeout: (options.timeout ?? 60) * 1000,
  });
  const failure = done.error === undefined ? "" : `${program}: ${done.error.message}`;
  return { status: done.status, stdout: done.stdout ?? "", stderr: failure || (done.stderr ?? "") };
};

function stdinOf({ input, stdin }: RunOptions): "ignore" | "pipe" | number {
  return input === undefined ? (stdin ?? "ignore") : "pipe";
}
