import { comparedWords, matchesPattern, parsePattern, type RoutePattern } from "./route-pattern.ts";

/** A capability that only some agents have, and the patterns that find tasks that need it. */
export interface TaskRoute {
  /** The name of the capability, such as `github.push`. */
  readonly capability: string;
  /** The agents that have the capability. */
  readonly agents: readonly string[];
  /** The agent that gets the tasks of all other agents. */
  readonly to: string;
  readonly patterns: readonly string[];
}

/** The content of ROUTES_FILE on a host. */
export interface HostRoutes {
  /** The names of the host's agents, by Linux user. A user of several agents is absent. */
  readonly users: Readonly<Record<string, string>>;
  readonly routes: readonly TaskRoute[];
  /** The tenant of each agent. Absent if all agents on the host belong to the same tenant. */
  readonly tenants?: Readonly<Record<string, string>>;
  /** The current names of the host's agents that were renamed, by former name. Absent if there are none. */
  readonly renamed?: Readonly<Record<string, string>>;
}

/** Whether two agents on a host belong to the same tenant. Only such agents can hand tasks off to each other. */
export function isSameTenant({ tenants }: HostRoutes, one: string, other: string): boolean {
  return tenants === undefined || tenants[one] === tenants[other];
}

/** The result for a task: the agent itself may do the task, or another agent must do it. */
export type RouteAnswer =
  | { readonly agent: string; readonly allowed: true }
  | {
      readonly agent: string;
      readonly allowed: false;
      readonly capability: string;
      readonly to: string;
      /** The pattern that the task matches. */
      readonly pattern: string;
    };

/** Decides which agent does a task. The first route that matches the task applies. */
export function routeTask(routes: readonly TaskRoute[], agent: string, text: string): RouteAnswer {
  const compared = comparedWords(text);
  for (const { capability, agents, to, patterns } of routes) {
    if (agents.includes(agent)) continue;
    const pattern = patterns.find((one) => matchesSource(one, compared));
    if (pattern !== undefined) return { agent, allowed: false, capability, to, pattern };
  }
  return { agent, allowed: true };
}

/** Returns the routes whose patterns match a text, each with the matching pattern. */
export function matchingRoutes(
  routes: readonly TaskRoute[],
  text: string,
): { route: TaskRoute; pattern: string }[] {
  const compared = comparedWords(text);
  return routes.flatMap((route) => {
    const pattern = route.patterns.find((one) => matchesSource(one, compared));
    return pattern === undefined ? [] : [{ route, pattern }];
  });
}

const parsed = new Map<string, RoutePattern | { readonly flaw: string }>();

function matchesSource(source: string, compared: string): boolean {
  const pattern = parsed.get(source) ?? parsePattern(source);
  parsed.set(source, pattern);
  return "phrases" in pattern && matchesPattern(pattern, compared);
}
