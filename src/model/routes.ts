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

/** The limits of an agent's queue of tasks. */
export interface QueueLimits {
  /** The load from which on new tasks go to `overflow`. */
  readonly soft?: number;
  /** The load from which on the queue takes no more tasks. */
  readonly hard?: number;
  /** The agent that gets new tasks above the limits. */
  readonly overflow?: string;
}

/** The content of ROUTES_FILE on a host. */
export interface HostRoutes {
  /** The names of the host's agents, by Linux user. A user of several agents is absent. */
  readonly users: Readonly<Record<string, string>>;
  readonly routes: readonly TaskRoute[];
  /** The tenant of each agent. Absent if all these agents belong to the same tenant and are on this host. */
  readonly tenants?: Readonly<Record<string, string>>;
  /**
   * The host of each agent that is on another host and belongs to a tenant with agents on this host. Absent if there
   * are none.
   */
  readonly elsewhere?: Readonly<Record<string, string>>;
  /** The limits of the queues of the host's agents, by agent. Absent if no queue has limits. */
  readonly queues?: Readonly<Record<string, QueueLimits>>;
  /** The current names of these agents that were renamed, by former name. Absent if there are none. */
  readonly renamed?: Readonly<Record<string, string>>;
}

/** Returns the agents to which an agent can hand tasks off, and which can hand tasks off to it. */
export function partnersOf(routes: HostRoutes, agent: string): string[] {
  const all = [...Object.values(routes.users), ...Object.keys(routes.elsewhere ?? {})];
  return all.filter((one) => one !== agent && isSameTenant(routes, agent, one));
}

/** Whether two agents belong to the same tenant. Only such agents can hand tasks off to each other. */
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
