import type { Actions } from "./actions.ts";
import type { Fate, Visibility } from "./data.ts";
import type { Machines } from "./machines/machines.ts";
import type { Store } from "./store.ts";

/** Settings that a test makes for the complete cloud. A restart resets them. */
export interface Settings {
  /** The duration of each action, in milliseconds. */
  slow: number;
  /** The delay, in milliseconds, before the API shows that an object was created or deleted. */
  lag: number;
  /** The number of requests that the API accepts in a window, and the length of a window in seconds. */
  limit: { readonly requests: number; readonly seconds: number };
  /** The planned fates of the next droplets. */
  readonly fates: Fate[];
}

/** The objects that all parts of the API use. */
export interface Context {
  readonly store: Store;
  readonly settings: Settings;
  readonly actions: Actions;
  readonly machines: Machines;
}

export type Params = Readonly<Record<string, string>>;

export interface Call {
  readonly params: Params;
  readonly query: URLSearchParams;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface Answer {
  readonly status: number;
  /** Undefined for the status 204. */
  readonly body?: unknown;
  /** A list. The server returns one page of this list under the given name. */
  readonly list?: { readonly name: string; readonly items: readonly unknown[] };
}

export type Handler = (call: Call) => Answer | Promise<Answer>;

/** The handlers by route, such as `GET /v2/droplets/:id`. */
export type Routes = Readonly<Record<string, Handler>>;

export const ok = (body: unknown): Answer => ({ status: 200, body });
export const created = (body: unknown): Answer => ({ status: 201, body });
export const accepted = (body: unknown): Answer => ({ status: 202, body });
export const noContent: Answer = { status: 204 };
export const list = (name: string, items: readonly unknown[]): Answer => ({
  status: 200,
  list: { name, items },
});

/** Returns the time at which an object that is created now becomes visible. */
export function visibleFromNow(settings: Settings): Visibility {
  return { visibleAt: Date.now() + settings.lag, goneAt: null };
}

/** Returns the visible objects. With a lag, new objects appear late, and deleted objects disappear late. */
export function visible<T extends Visibility>(objects: readonly T[]): T[] {
  const now = Date.now();
  return objects.filter(({ visibleAt, goneAt }) => visibleAt <= now && (goneAt === null || goneAt > now));
}
