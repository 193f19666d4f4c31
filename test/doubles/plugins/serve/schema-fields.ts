import type { Diff, Kind } from "./plugin.ts";
import { isMap, isUnknown, isZero, type Json, type Properties, textOf } from "./values.ts";

/**
 * A property in a resource's schema. Like Pulumi's bridge to Terraform (pulumi-terraform-bridge, pkg/tfbridge), this
 * file derives defaults, names, changes, replacements and the inputs after a refresh from such properties.
 */
export interface Field {
  readonly required?: boolean;
  /** Whether a change replaces the resource. */
  readonly forceNew?: boolean | ((old: Json, now: Json) => boolean);
  /** The cloud sets the property, so an omitted value is not a change. */
  readonly computed?: boolean;
  readonly default?: Json;
  /** A list in which the order does not matter. */
  readonly set?: boolean;
  /** A set of texts in which upper and lower case do not matter. */
  readonly ignoresCase?: boolean;
  /** Whether the check refuses the zero value of the type (NoZeroValues). */
  readonly nonZero?: boolean;
  /** @returns the check's refusal of a known value, such as `to contain a valid IPv4 address, got: x` */
  readonly refuse?: (value: Json) => string | undefined;
  /** Returns the value's form in the state, for example a digest. */
  readonly stored?: (value: Json) => Json;
  /** Whether the bridge uses the resource's name with a random suffix if the program sets no name. */
  readonly autoName?: boolean;
}

export type Fields = Readonly<Record<string, Field>>;

/** The input in which the bridge lists the inputs that it has set itself. */
export const DEFAULTS = "__defaults";

/** Returns the inputs without the bridge's own key `__defaults`. */
export function plain(inputs: Properties): Properties {
  const { [DEFAULTS]: _, ...rest } = inputs;
  return rest;
}

/** Returns the inputs in the form that they have in the state. */
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
  // Two objects with the same name cannot exist at the same time.
  return { changes, deleteBeforeReplace: named && state["name"] === inputs["name"] };
}

export function same(field: Field, old: Json, now: Json): boolean {
  if (isUnknown(now)) return false;
  if (isZero(old) && isZero(now)) return true;
  return textOf(inOrder(field, old)) === textOf(inOrder(field, now));
}

/** Normalizes a set, and the empty values in its members. */
function inOrder({ set, ignoresCase }: Field, value: Json): Json {
  if (!set || !Array.isArray(value)) return value;
  const members = ignoresCase ? value.map((one) => String(one).toLowerCase()) : value;
  return members.map(canonical).toSorted((a, b) => (textOf(a) < textOf(b) ? -1 : 1));
}

function canonical(member: Json): Json {
  if (!isMap(member)) return member;
  const result = Object.entries(member).filter(([, value]) => !isZero(value));
  return Object.fromEntries(
    result.map(([name, value]) => [name, Array.isArray(value) ? value.toSorted() : value]),
  );
}

/** Returns the changed paths. Each member of a list has its own path, and every other value has one path. */
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
