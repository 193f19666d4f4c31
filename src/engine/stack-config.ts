import type { StackConfig } from "../host-kinds/host-kind.ts";
import { ensureEngine } from "./install-engine.ts";
import { currentStack, requirePassphrase } from "./passphrase.ts";
import type { InstallProgress } from "./progress.ts";
import { readProject, readStackFile } from "./project.ts";
import { type EngineStack, runEngine } from "./run-engine.ts";

/** Opens the configuration of a stack, with an engine that is already installed. */
export function stackConfig(of: EngineStack): StackConfig {
  return {
    values: readStackFile(of.project, of.stack).config ?? {},
    secret: async (name) => {
      const { stdout } = await runEngine(of, ["config", "get", name, "--stack", of.stack]);
      return stdout.trim() || undefined;
    },
  };
}

/**
 * Opens the configuration of a stack for a command that otherwise does not run the engine. If there is no stack, the
 * configuration is empty. The engine is installed only when a secret is read.
 *
 * @param dir the folder of Pulumi.yaml, if there is one
 * @param named the stack; undefined for the selected stack
 */
export function openStackConfig(
  dir: string | undefined,
  named: string | undefined,
  progress: InstallProgress,
): StackConfig {
  const project = dir === undefined ? undefined : readProject(dir);
  const stack = project && currentStack(project, named);
  if (project === undefined || stack === undefined)
    return { values: {}, secret: () => Promise.resolve(undefined) };
  return {
    values: readStackFile(project, stack).config ?? {},
    secret: async (name) => {
      requirePassphrase(project, stack);
      const { pulumi } = await ensureEngine(progress);
      return stackConfig({ pulumi, project, stack }).secret(name);
    },
  };
}
