import { count } from "../base/count.ts";
import { InvalidError } from "../base/errors.ts";
import { checkFleet } from "./check-fleet.ts";
import type { Fleet } from "./fleet.ts";
import { formatProblem, type Problem } from "./problem.ts";

/** Reports that fleet.yaml or a file that fleet.yaml names is invalid. The message has one line for each problem. */
export class InvalidFleet extends InvalidError {
  readonly problems: readonly Problem[];

  constructor(file: string, problems: readonly Problem[]) {
    super({ what: `${file} is not valid`, why: `it has ${count(problems.length, "problem")}.` });
    this.problems = problems;
    this.message = problems.map(formatProblem).join("\n");
  }
}

/**
 * Loads, checks, resolves and freezes the fleet that a file declares. Contacts no host.
 *
 * @param file the path of fleet.yaml
 * @param home see checkFleet
 * @param logins see checkFleet
 * @throws InvalidFleet with all problems
 */
export function loadFleet(file: string, home?: string, logins?: ReadonlyMap<string, string>): Fleet {
  const { fleet, problems } = checkFleet(file, home, logins);
  if (fleet === undefined) throw new InvalidFleet(file, problems);
  return fleet;
}
