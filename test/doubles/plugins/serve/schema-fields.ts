import type { Diff, Kind } from "./plugin.ts";
import { isMap, isUnknown, isZero, type Json, type Properties, textOf } from "./values.ts";

/**
 * What Pulumi's bridge to Terraform makes of a resource's schema: defaults, names, changes, replacements, and the
 * inputs that a refresh returns (pulumi-terraform-bridge, pkg/tfbridge).
 */
export interface Field {
  readonly required?: boolean;
  /** A change replaces the resource. */
  readonly forceNew?: boolean | ((old: Json, now: Json) => boolean);
  /** The cloud fills it in, so leaving it out is no change. */
  readonly computed?: boolean;
  readonly default?: Json;
  /** A list whose order does not matter. */
  readonly set?: boolean;
  /** Its form in the state, for example a digest. */
  readonly stored?: (value: Json) => Json;
  /** Named after the resource, with a random suffix, if the program gives no name. */
  readonly autoName?: boolean;
}

export type Fields = Readonly<Record<string, Field>>;

/** The names of the inputs that the bridge has filled in. */
export const DEFAULTS = "__defaults";

/** The inputs without the bridge's own note. */
export function plain(inputs: Properties): Properties {
  const { [DEFAULTS]: _, ...rest } = inputs;
  return rest;
}

/** The inputs in their form in the state. */
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
  // Two objects with the same name cannot exist at once.
  return { changes, deleteBeforeReplace: named && state["name"] === inputs["name"] };
}

export function same(field: Field, old: Json, now: Json): boolean {
  if (isUnknown(now)) return false;
  if (isZero(old) && isZero(now)) return true;
  return textOf(inOrder(field, old)) === textOf(inOrder(field, now));
}

/** Normalizes sets, and empty values in their members. */
function inOrder({ set }: Field, value: Json): Json {
  if (!set || !Array.isArray(value)) return value;
  return value.map(canonical).toSorted((a, b) => (textOf(a) < textOf(b) ? -1 : 1));
}

function canonical(member: Json): Json {
  if (!isMap(member)) return member;
  const result = Object.entries(member).filter(([, value]) => !isZero(value));
  return Object.fromEntries(
    result.map(([name, value]) => [name, Array.isArray(value) ? value.toSorted() : value]),
  );
}

/** The changed paths: members of lists have their own, every other value has one. */
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
