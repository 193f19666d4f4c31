import { join } from "node:path";
import type { Secret } from "../base/secret.ts";
import type { Fleet } from "./fleet.ts";
import { remarksOnShared } from "./lints/shared-secret.ts";
import type { Problem } from "./problem.ts";
import { createReport } from "./report.ts";
import { openSource } from "./yaml/open.ts";

/**
 * The lint on shared secrets where the values are at hand: one value under two names is one secret.
 *
 * @param values the values by reference, such as `config:iris-key`; others are left out of the question
 */
export function sameSecretProblems(fleet: Fleet, values: ReadonlyMap<string, Secret>): readonly Problem[] {
  const remarks = remarksOnShared(fleet, ({ credential }) => values.get(credential.from)?.reveal());
  if (remarks.length === 0) return [];
  const report = createReport();
  const source = openSource(fleet.file ?? join(fleet.dir, "fleet.yaml"), [], report);
  if (source === undefined) return report.problems;
  for (const { keys, sentence } of remarks) report.error(source, keys, sentence, "key");
  return report.problems;
}
