import { currentId, FORMER_TYPES } from "../model/legacy-agent-parts.ts";

/**
 * Matches the URN of a Muster resource without a parent, or a pattern for such a URN. The groups are the
 * stack and project, the type, and the name.
 */
const AT_TOP = /(urn:pulumi:[^:,]+::[^:,]+::)muster:index:(\w+|\*)::([^,]+)/g;

const PARTS: readonly string[] = Object.values(FORMER_TYPES);

/**
 * Rewrites targets to the current URNs. Scripts might still use URNs from before version 0.2. In those versions, no
 * resource had a parent, and each part of an agent was a separate resource.
 */
export function withCurrentTargets(args: readonly string[]): string[] {
  return args.map((arg) =>
    arg.replaceAll(AT_TOP, (_, stack: string, type: string, name: string) => {
      const [today, id] = PARTS.includes(type) ? ["Agent", currentId(name)] : [type, name];
      return `${stack}**muster:index:${today}::${id}`;
    }),
  );
}
