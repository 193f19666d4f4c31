import type { TaskRoute } from "../../model/routes.ts";

/** A route with the examples that its patterns must and must not match. */
export interface RouteSpec extends TaskRoute {
  readonly match: readonly string[];
  readonly noMatch: readonly string[];
}
