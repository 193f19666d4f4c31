import { FORMER_TYPES, wholeId } from "../model/former-agent.ts";

/** A resource of ours under nothing, by its URN or a pattern of one: the stack and project, the type, the name. */
const AT_TOP = /(urn:pulumi:[^:,]+::[^:,]+::)muster:index:(\w+|\*)::([^,]+)/g;

const PARTS: readonly string[] = Object.values(FORMER_TYPES);

/**
 * The arguments of a run with targets as they are today: scripts name resources as they stood before version 0.2,
 * under nothing, and the parts of an agent.
 */
export function withCurrentTargets(args: readonly string[]): string[] {
  return args.map((arg) =>
    arg.replaceAll(AT_TOP, (_, stack: string, type: string, name: string) => {
      const [today, id] = PARTS.includes(type) ? ["Agent", wholeId(name)] : [type, name];
      return `${stack}**muster:index:${today}::${id}`;
    }),
  );
}
