import { dirname, resolve } from "node:path";
import { misfit, type WantedRuntime } from "../model/installation.ts";
import { readLock } from "./fleet-lock.ts";
import { InvalidFleet } from "./load-fleet.ts";
import { createProblemReport } from "./problem-report.ts";
import { resolveSection } from "./resolve/context.ts";
import { resolveWanted } from "./resolve/pinned-runtime.ts";
import { checkSchema } from "./schema/check-schema.ts";
import { validateFleet } from "./schema/validator.ts";
import { openSource } from "./yaml/open-yaml-source.ts";

/**
 * Returns the differences between fleet.lock and the runtimes that fleet.yaml declares, as clauses such as `has claude
 * 2.1.331`. Returns an empty list for an invalid fleet.yaml.
 */
export function findMisfits(file: string): string[] {
  try {
    const wanted = Object.values(loadRuntimes(file));
    if (wanted.length === 0) return [];
    const read = readLock(dirname(resolve(file)));
    if ("flaw" in read) return [read.flaw];
    return wanted.flatMap(
      (one) => misfit(one, Object.hasOwn(read.lock, one.name) ? read.lock[one.name] : undefined) ?? [],
    );
  } catch (error) {
    if (error instanceof InvalidFleet) return [];
    throw error;
  }
}

/**
 * Loads only the runtimes that fleet.yaml declares. Does not read fleet.lock, because `fleet pin` creates it from these
 * runtimes.
 *
 * @param file path of fleet.yaml
 * @throws InvalidFleet with all problems
 */
export function loadRuntimes(file: string): Readonly<Record<string, WantedRuntime>> {
  const report = createProblemReport();
  const source = openSource(file, [], report);
  if (source === undefined) throw new InvalidFleet(file, report.problems);
  checkSchema(source, validateFleet, report);
  const path = resolve(file);
  const dir = dirname(path);
  const context = { source, file: path, dir, home: dir, declared: {}, report };
  const runtimes = report.problems.length > 0 ? {} : resolveSection("runtimes", context, resolveWanted);
  if (report.problems.length > 0) throw new InvalidFleet(file, report.problems);
  return runtimes;
}
