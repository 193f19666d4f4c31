import { InvalidError } from "../base/errors.ts";
import { projectDir } from "../base/muster-folders.ts";
import { ensureEngine } from "./install-engine.ts";
import { currentStack } from "./passphrase.ts";
import type { InstallProgress } from "./progress.ts";
import { makeProjectFolders, readProject } from "./project.ts";
import { unlockState } from "./state/ready-state.ts";

/**
 * Removes the locks that killed runs left on a stack.
 *
 * @param named the stack; undefined for the selected stack
 * @param force whether to also remove the locks of runs that cannot be seen from this machine
 * @returns the stack, and the number of removed locks
 * @throws MusterError if a lock must not be removed, or the state cannot be reached
 */
export async function unlockStack(
  named: string | undefined,
  force: boolean,
  progress: InstallProgress,
): Promise<{ stack: string; locks: number }> {
  const dir = projectDir();
  const project = dir === undefined ? undefined : readProject(dir);
  if (project === undefined)
    throw new InvalidError({
      what: "no project was found",
      why: "neither this folder nor any folder above it has a Pulumi.yaml.",
    });
  const stack = currentStack(project, named?.split("/").at(-1));
  if (stack === undefined) {
    const next = "Run `npx fleet unlock --stack NAME`; `npx pulumi stack ls` lists the stacks.";
    throw new InvalidError({ what: "the stack is not known", why: "no stack is named or selected.", next });
  }
  makeProjectFolders(project);
  const { pulumi } = await ensureEngine(progress);
  return { stack, locks: await unlockState({ pulumi, project, stack }, force, progress) };
}
