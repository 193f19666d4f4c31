import { parsePattern } from "../../model/route-pattern.ts";
import { matchingRoutes, type TaskRoute } from "../../model/routes.ts";
import type { RouteSpec } from "../fleet/routes.ts";
import type { RawRoute } from "../fleet-yaml-types.ts";
import type { Keys } from "../problem.ts";
import type { Context } from "./context.ts";

/** Resolves a route, and checks its patterns against its examples. */
export function resolveRoute(
  capability: string,
  { agents, to, patterns, match, noMatch = [] }: RawRoute,
  keys: Keys,
  { report, source }: Context,
): RouteSpec | undefined {
  const flaws = patterns.map((pattern) => parsePattern(pattern));
  for (const [i, one] of flaws.entries())
    if ("flaw" in one) report.error(source, [...keys, "patterns", i], one.flaw);
  if (flaws.some((one) => "flaw" in one)) return undefined;
  if (!agents.includes(to))
    report.error(
      source,
      [...keys, "to"],
      `"${to}" is not in \`agents\`, so it is not allowed to do these tasks either`,
    );
  const route: TaskRoute = { capability, agents, to, patterns };
  const isFound = (text: string) => matchingRoutes([route], text).length > 0;
  for (const [i, text] of match.entries())
    if (!isFound(text)) report.error(source, [...keys, "match", i], "no pattern matches this example");
  for (const [i, text] of noMatch.entries()) {
    const pattern = matchingRoutes([route], text)[0]?.pattern;
    if (pattern !== undefined)
      report.error(source, [...keys, "noMatch", i], `the pattern "${pattern}" matches this example`);
  }
  return { ...route, match, noMatch };
}
