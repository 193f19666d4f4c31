import type { Actions } from "./actions.ts";
import type { Fate, Visibility } from "./data.ts";
import type { Machines } from "./machines/machines.ts";
import type { Store } from "./store.ts";

/** Settings that a test makes for the whole cloud. They are lost on a restart. */
export interface Settings {
  /** Milliseconds. */
  slow: number;
  /** Milliseconds. */
  lag: number;
  /** The fates of the next droplets. */
  readonly fates: Fate[];
}

/** The objects that each part of the API uses. */
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
  /** Undefined for 204. */
  readonly body?: unknown;
  /** A list, of which the server returns one page under this name. */
  readonly list?: { readonly name: string; readonly items: readonly unknown[] };
}

export type Handler = (call: Call) => Answer | Promise<Answer>;

/** Handlers by `METHOD /v2/path/:parameter`. */
export type Routes = Readonly<Record<string, Handler>>;

export const ok = (body: unknown): Answer => ({ status: 200, body });
export const created = (body: unknown): Answer => ({ status: 201, body });
export const accepted = (body: unknown): Answer => ({ status: 202, body });
export const noContent: Answer = { status: 204 };
export const list = (name: string, items: readonly unknown[]): Answer => ({
  status: 200,
  list: { name, items },
});

/** When an object that is created now becomes visible. */
export function visibleFromNow(settings: Settings): Visibility {
  return { visibleAt: Date.now() + settings.lag, goneAt: null };
}

/** The visible objects: not those created just now, but those deleted just now. */
export function visible<T extends Visibility>(objects: readonly T[]): T[] {
  const now = Date.now();
  return objects.filter(({ visibleAt, goneAt }) => visibleAt <= now && (goneAt === null || goneAt > now));
}
