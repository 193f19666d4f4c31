import type { Diff, Kind } from "./plugin.ts";
import { isMap, isUnknown, isZero, type Json, type Properties, textOf } from "./values.ts";

/**
 * What Pulumi's bridge to Terraform makes of a resource's schema: defaults, names, what is a change, what replaces,
 * and which inputs a refresh gives back (pulumi-terraform-bridge, pkg/tfbridge).
 */
export interface Field {
  readonly required?: boolean;
  /** A change replaces the resource. */
  readonly forceNew?: boolean | ((old: Json, now: Json) => boolean);
  /** The cloud fills it in, so that leaving it out is no change. */
  readonly computed?: boolean;
  readonly default?: Json;
  /** Of several, where the order does not matter. */
  readonly set?: boolean;
  /** As it stands in the state, for example as a digest. */
  readonly stored?: (value: Json) => Json;
  /** Named after the resource, with a tail, where the program gives no name. */
  readonly autoName?: boolean;
}

export type Fields = Readonly<Record<string, Field>>;

/** What the bridge applied by itself, by name. */
export const DEFAULTS = "__defaults";

/** Inputs without the bridge's own note. */
export function plain(inputs: Properties): Properties {
  const { [DEFAULTS]: _, ...rest } = inputs;
  return rest;
}

/** Inputs as they will stand in the state. */
export function storedOf(fields: Fields, inputs: Properties): Properties {
  return Object.fromEntries(
    Object.entries(plain(inputs)).map(([name, value]) => [name, stored(fields[name], value)]),
  );
}

export function stored(field: Field | undefined, value: Json): Json {
  return field?.stored === undefined || isUnknown(value) || isZero(value) ? value : field.stored(value);
}

export function diffOf(fields: Fields, state: Properties, inputs: Properties): Diff {
  const changes: Record<string, { kind: Kind; replace: boolean }> = {};
  for (const [name, field] of Object.entries(fields)) {
    const [old, now] = [state[name], stored(field, inputs[name])];
    if (now === undefined && field.computed) continue;
    if (same(field, old, now)) continue;
    const replace = typeof field.forceNew === "function" ? field.forceNew(old, now) : field.forceNew === true;
    for (const [path, kind] of pathsOf(name, old, now)) changes[path] = { kind, replace };
  }
  const defaults = (inputs[DEFAULTS] ?? []) as readonly Json[];
  const named = fields["name"]?.autoName === true && !defaults.includes("name");
  // Two with the same name cannot be there at once.
  return { changes, deleteBeforeReplace: named && state["name"] === inputs["name"] };
}

export function same(field: Field, old: Json, now: Json): boolean {
  if (isUnknown(now)) return false;
  if (isZero(old) && isZero(now)) return true;
  return textOf(inOrder(field, old)) === textOf(inOrder(field, now));
}

/** Sets, and what is empty in a set's members, in one form. */
function inOrder({ set }: Field, value: Json): Json {
  if (!set || !Array.isArray(value)) return value;
  return value.map(canonical).toSorted((a, b) => (textOf(a) < textOf(b) ? -1 : 1));
}

function canonical(member: Json): Json {
  if (!isMap(member)) return member;
  const said = Object.entries(member).filter(([, value]) => !isZero(value));
  return Object.fromEntries(
    said.map(([name, value]) => [name, Array.isArray(value) ? value.toSorted() : value]),
  );
}

/** Members of lists by their own paths, all else as a whole. */
function pathsOf(name: string, old: Json, now: Json): [path: string, kind: Kind][] {
  if (!Array.isArray(old) || !Array.isArray(now) || isUnknown(now)) {
    const kind = isZero(old) && old !== false && old !== 0 ? "add" : now === undefined ? "delete" : "update";
    return [[name, kind]];
  }
  const texts = (all: readonly Json[]) => all.map((one) => textOf(canonical(one)));
  const [before, after] = [texts(old), texts(now)];
  const gone = before.flatMap((text, at) => (after.includes(text) ? [] : [at]));
  const added = after.flatMap((text, at) => (before.includes(text) ? [] : [at]));
  const kinds = new Map<number, Kind>(gone.map((at) => [at, "delete"]));
  for (const at of added) kinds.set(at, kinds.has(at) ? "update" : "add");
  return [...kinds].map(([at, kind]) => [`${name}[${at}]`, kind]);
}
