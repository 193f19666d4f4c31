import type { Handler, Params, Routes } from "./context.ts";

export interface Found {
  /** The text of the route, such as `GET /v2/droplets/:id`. */
  readonly name: string;
  readonly handler: Handler;
  readonly params: Params;
}

/** Finds the route of a request. If two routes match, the route with fewer parameters is used. */
export function routerOf(routes: Routes): (method: string, path: string) => Found | undefined {
  const compiled = Object.entries(routes)
    .map(([name, handler]) => ({ name, handler, pattern: patternOf(name) }))
    .sort((a, b) => parametersIn(a.name) - parametersIn(b.name));
  return (method, path) => {
    for (const { name, handler, pattern } of compiled) {
      const match = pattern.exec(`${method} ${path}`);
      if (match !== null) return { name, handler, params: decoded(match.groups ?? {}) };
    }
    return undefined;
  };
}

function patternOf(name: string): RegExp {
  return new RegExp(`^${name.replaceAll(/:(\w+)/g, "(?<$1>[^/]+)")}/?$`);
}

function parametersIn(name: string): number {
  return name.split(":").length;
}

function decoded(groups: Readonly<Record<string, string>>): Params {
  return Object.fromEntries(Object.entries(groups).map(([name, value]) => [name, decodeURIComponent(value)]));
}
