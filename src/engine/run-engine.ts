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
  /** Whether the call did not end within its timeout. */
  readonly timedOut: boolean;
  readonly stdout: string;
  /** What the engine wrote to stderr. If it wrote nothing, the reason why the call failed. */
  readonly stderr: string;
}

/**
 * Runs the engine once, without prompts. A failure is a result, not an exception.
 *
 * @param options.input the text for stdin, which process lists do not show
 * @param options.timeout milliseconds; 0 or absent means no limit
 * @param options.started called with the process id as soon as it is known
 */
export async function runEngine(
  { pulumi, project, stack }: EngineStack,
  command: readonly string[],
  options: { input?: string; timeout?: number; started?: (pid: number) => void } = {},
): Promise<EngineAnswer> {
  const call = execa(pulumi, ["--non-interactive", "--color=never", ...command], {
    cwd: project.dir,
    env: { ...(await engineEnv(pulumi, project, stack)), PWD: project.dir },
    extendEnv: false,
    input: options.input ?? "",
    timeout: options.timeout ?? 0,
    reject: false,
  });
  if (call.pid !== undefined) options.started?.(call.pid);
  const { failed, timedOut, stdout, stderr, ...result } = await call;
  const why = stderr || (result as Partial<ExecaError>).shortMessage || "";
  return { failed, timedOut, stdout: stdout ?? "", stderr: why };
}
