import { type ExecaError, execa } from "execa";
import { engineEnv } from "./environment.ts";
import type { PulumiProject } from "./project.ts";

/** A stack of a project, and the engine that is asked about it. */
export interface EngineStack {
  readonly pulumi: string;
  readonly project: PulumiProject;
  readonly stack: string;
}

/** How a call of the engine ended; it never throws. */
export interface EngineAnswer {
  readonly failed: boolean;
  /** It did not end in the time that it was given. */
  readonly timedOut: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * One call of the engine that asks nobody anything.
 *
 * @param options.input what it reads on stdin, where a process list does not show it
 * @param options.timeout milliseconds; 0 means for ever
 * @param options.started told the process id as soon as there is one
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
