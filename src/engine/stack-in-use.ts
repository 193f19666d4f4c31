import { InvalidError } from "../base/errors.ts";
import { currentStack } from "./passphrase.ts";
import { readProject } from "./project.ts";

/**
 * The engine's names of a project and of the stack that a command there works on.
 *
 * @param named the stack that the command line names
 * @throws InvalidError where there is no project, or no stack is selected
 */
export function stackInUse(folder: string, named?: string): { project: string; stack: string } {
  const project = readProject(folder);
  const stack = project && currentStack(project, named);
  if (project !== undefined && stack !== undefined) return { project: project.name, stack };
  throw new InvalidError({
    what: "no stack is selected",
    why: project === undefined ? "there is no Pulumi.yaml." : "this project has none, or more than one.",
    next: "Choose it: `npx pulumi stack select NAME`.",
  });
}
