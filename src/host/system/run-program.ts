/** The result of a program. `status` is null if it was ended by a signal or a time limit. */
export interface ProgramResult {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end with a plain environment; throws nothing where it fails or is missing. */
export type RunProgram = (program: string, args: readonly string[], options?: RunOptions) => ProgramResult;

export interface RunOptions {
  /** Seconds; 60 by default. */
  readonly timeout?: number;
  /** What it reads on its standard input. */
  readonly input?: string;
  /** The user that it runs as; left out, or without root, this process's own. */
  readonly as?: { readonly uid: number; readonly gid: number };
  /** Descriptors of this process that the program gets as 3, 4, … */
  readonly descriptors?: readonly number[];
}

/** The environment of programs: nothing of this process is passed on. */
export const ENVIRONMENT = {
  PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
  LC_ALL: "C",
  DEBIAN_FRONTEND: "noninteractive",
  // Times in what programs say are read again.
  TZ: "UTC",
};

export const runProgram: RunProgram = (program, args, options = {}) => {
  // Loaded when first needed: most runs only look, and start nothing.
  const { spawnSync } = process.getBuiltinModule("node:child_process");
  const done = spawnSync(program, [...args], {
    encoding: "utf8",
    env: ENVIRONMENT,
    maxBuffer: 16 * 1024 * 1024,
    ...(options.input !== undefined && { input: options.input }),
    ...(options.as && process.geteuid?.() === 0 && { uid: options.as.uid, gid: options.as.gid }),
    stdio: [options.input === undefined ? "ignore" : "pipe", "pipe", "pipe", ...(options.descriptors ?? [])],
    timeout: (options.timeout ?? 60) * 1000,
  });
  const failure = done.error === undefined ? "" : `${program}: ${done.error.message}`;
  return { status: done.status, stdout: done.stdout ?? "", stderr: failure || (done.stderr ?? "") };
};
