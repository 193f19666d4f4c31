import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { InvalidError } from "../base/errors.ts";

/**
 * Refuses a run if fleet.lock does not match fleet.yaml. The Pulumi program would also refuse the run, but the engine
 * would then choose the exit code. Does nothing for an invalid fleet.yaml, because the program reports every problem in
 * that file.
 *
 * @param dir the folder of the project
 * @throws InvalidError that names each runtime, and the command that updates fleet.lock
 */
export async function checkLock(dir: string): Promise<void> {
  const file = join(dir, "fleet.yaml");
  // Most fleets pin no runtime, so the parser is loaded only if it is needed.
  if (!existsSync(file) || !/runtimes|\\/.test(readFileSync(file, "utf8"))) return;
  const { findMisfits } = await import("../config/load-runtimes.ts");
  const misfits = findMisfits(file);
  if (misfits.length === 0) return;
  throw new InvalidError({
    what: "fleet.lock does not match fleet.yaml",
    why: `it ${misfits.join(", and ")}.`,
    next: "Run `npx fleet pin`, and commit fleet.lock.",
  });
}
