import { dirname, resolve } from "node:path";
import type { HostSpecs } from "./fleet.ts";
import { createProblemReport } from "./problem-report.ts";
import { resolveSection } from "./resolve/context.ts";
import { resolveHost } from "./resolve/host.ts";
import { checkSchema } from "./schema/check-schema.ts";
import { validateFleet } from "./schema/validator.ts";
import { openSource } from "./yaml/open-yaml-source.ts";

/**
 * Loads only the hosts of a fleet. This is much faster than loading the complete fleet. Programs that do not need the
 * other sections of fleet.yaml call this function.
 *
 * @param file path of fleet.yaml
 * @returns the hosts by name; undefined if the file does not exist or is not valid
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
