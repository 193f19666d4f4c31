import { dirname, resolve } from "node:path";
import type { HostSpecs } from "./fleet.ts";
import { createProblemReport } from "./problem-report.ts";
import { resolveSection } from "./resolve/context.ts";
import { resolveHost } from "./resolve/host.ts";
import { checkSchema } from "./schema/check-schema.ts";
import { validateFleet } from "./schema/validator.ts";
import { openSource } from "./yaml/open-source.ts";

/**
 * The hosts of a fleet alone, for who was told by others what to do there: a fraction of what the whole fleet
 * costs at each start of a program.
 *
 * @param file path of fleet.yaml
 * @returns undefined where there is no such file, or none that the schema accepts
 */
export function loadHosts(file: string): HostSpecs | undefined {
  const report = createProblemReport();
  const source = openSource(file, [], report);
  if (source === undefined) return undefined;
  checkSchema(source, validateFleet, report);
  if (report.problems.length > 0) return undefined;
  const path = resolve(file);
  const dir = dirname(path);
  return resolveSection("hosts", { source, file: path, dir, home: dir, declared: {}, report }, resolveHost);
}
