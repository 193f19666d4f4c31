import { InvalidError } from "../base/errors.ts";
import { checkFleet } from "./check-fleet.ts";
import type { Fleet } from "./fleet.ts";
import { formatProblem, type Problem } from "./problem.ts";

/** fleet.yaml, or a file that it names, is invalid. The message has one problem on each line. */
export class InvalidFleet extends InvalidError {
  readonly problems: readonly Problem[];

  constructor(file: string, problems: readonly Problem[]) {
    super({ what: `${file} is not valid`, why: `${problems.length} found` });
    this.problems = problems;
    this.message = problems.map(formatProblem).join("\n");
  }
}

/**
 * Loads the fleet that a file declares: checked, resolved and frozen. Contacts no host.
 *
 * @param file path of fleet.yaml
 * @param home see checkFleet
 * @throws InvalidFleet with all problems
 */
export function loadFleet(file: string, home?: string): Fleet {
  const { fleet, problems } = checkFleet(file, home);
  if (fleet === undefined) throw new InvalidFleet(file, problems);
  return fleet;
}
