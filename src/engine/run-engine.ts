import { type ExecaError, execa } from "execa";
import { engineEnv } from "./environment.ts";
import type { PulumiProject } from "./project.ts";

/** A stack of a project, and the engine to run on it. */
export interface EngineStack {
  readonly pulumi: string;
  readonly project: PulumiProject;
  readonly stack: string;
}

/** The result of a call of the engine, successful or not. */
export interface EngineAnswer {
  readonly failed: boolean;
  /** Whether the call was ended by its timeout. */
  readonly timedOut: boolean;
  readonly stdout: string;
  /** The engine's output on stderr, or the reason why the call failed if the engine has printed nothing. */
  readonly stderr: string;
}

interface EngineOptions {
  readonly input?: string;
  readonly timeout?: number;
  readonly started?: (pid: number) => void;
  readonly env?: Readonly<Record<string, string>>;
  readonly endsWithCaller?: boolean;
}

/**
 * A shell script that runs a program. When its standard input ends, because the caller was killed, it kills the
 * program.
 */
const WATCHED = `exec 3<&0
"$@" </dev/null 3<&- & engine=$!
{ cat <&3; kill -9 $engine; } >/dev/null 2>&1 & watch=$!
exec 3<&-
wait $engine; code=$?
kill $watch
exit $code`;

/**
 * Runs the engine once, without prompts. A failure is a result, not an exception.
 *
 * @param options.input the text for stdin, which process lists do not show
 * @param options.timeout milliseconds; 0 or absent means no limit
 * @param options.started called with the process id as soon as the id is known
 * @param options.env variables that replace the usual variables
 * @param options.endsWithCaller whether the engine is killed if this process is killed
 */
export async function runEngine(
  { pulumi, project, stack }: EngineStack,
  command: readonly string[],
  options: EngineOptions = {},
): Promise<EngineAnswer> {
  const args = ["--non-interactive", "--color=never", ...command];
  const [file, before] = options.endsWithCaller ? ["/bin/sh", ["-c", WATCHED, "sh", pulumi]] : [pulumi, []];
  const call = execa(file, [...before, ...args], {
    cwd: project.dir,
    env: { ...(await engineEnv(pulumi, project, stack)), PWD: project.dir, ...options.env },
    extendEnv: false,
    // The watched engine is killed when this pipe ends.
    ...(options.endsWithCaller ? { stdin: "pipe" } : { input: options.input ?? "" }),
    timeout: options.timeout ?? 0,
    reject: false,
  });
  if (call.pid !== undefined) options.started?.(call.pid);
  const { failed, timedOut, stdout, stderr, ...result } = await call;
  const why = stderr || (result as Partial<ExecaError>).shortMessage || "";
  return { failed, timedOut, stdout: stdout ?? "", stderr: why };
}
