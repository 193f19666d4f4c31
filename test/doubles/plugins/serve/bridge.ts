import { randomBytes } from "node:crypto";
import type { Actual, Call, Checked, Diff, Kind, Made, ResourceType } from "./plugin.ts";
import { isMap, isUnknown, isZero, type Json, type Properties, textOf, UNKNOWN } from "./values.ts";

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

export interface Bridged {
  readonly fields: Readonly<Record<string, Field>>;
  /** What the cloud alone says. */
  readonly outputs: readonly string[];
  /** @returns what is wrong, in the provider's own words */
  refuse?(inputs: Properties, state: Properties | undefined): string | undefined;
  create(inputs: Properties, call: Call): Promise<Made>;
  /** @returns undefined for what is gone; inputs of the last run tell what the state alone does not */
  read(id: string, state: Properties): Promise<Made | undefined>;
  update?(id: string, state: Properties, inputs: Properties, call: Call): Promise<Properties>;
  delete(id: string, state: Properties, call: Call): Promise<void>;
}

const DEFAULTS = "__defaults";

export function bridged(kind: Bridged): ResourceType {
  return {
    check: (inputs, olds, name) => checked(kind, inputs, olds, name),
    diff: (state, inputs) => {
      const refusal = kind.refuse?.(inputs, state);
      if (refusal !== undefined) throw new Error(refusal);
      return diffOf(kind, state, inputs);
    },
    foreseen: (inputs) => {
      const open = Object.entries(kind.fields).filter(([name, field]) => field.computed && !(name in inputs));
      const unknown = [...kind.outputs, ...open.map(([name]) => name)].map((name) => [name, UNKNOWN]);
      return { ...storedOf(kind, inputs), ...Object.fromEntries(unknown) };
    },
    create: (inputs, call) => told(kind.create(plain(inputs), call)),
    read: async (id, inputs, state) => {
      const made = await told(kind.read(id, state));
      return made === undefined ? undefined : { ...made, inputs: inputsFrom(kind, inputs, made) };
    },
    update: (id, state, inputs, call) => {
      if (kind.update === undefined) throw new Error("this type cannot be changed");
      return told(kind.update(id, state, plain(inputs), call));
    },
    delete: (id, state, call) => told(kind.delete(id, state, call)),
  };
}

/** Errors as the bridge lists them. */
async function told<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof Error) error.message = `1 error occurred:\n\t* ${error.message}\n\n`;
    throw error;
  }
}

function checked({ fields, refuse }: Bridged, inputs: Properties, olds: Properties, name: string): Checked {
  const given = plain(inputs);
  const failures = Object.keys(given)
    .filter((property) => !(property in fields))
    .map((property) => ({
      property,
      reason: `Invalid or unknown key. Check \`pulumi config get ${property}\`.`,
    }));
  for (const [property, { required }] of Object.entries(fields)) {
    if (!required || given[property] !== undefined) continue;
    failures.push({ property, reason: `Missing required argument. The argument "${property}" is required` });
  }
  const missing = Object.entries(fields).filter(([property]) => given[property] === undefined);
  const defaults = missing.flatMap(([property, field]) => {
    if (field.default !== undefined) return [[property, field.default] as const];
    if (!field.autoName) return [];
    return [[property, olds[property] ?? `${name}-${randomBytes(4).toString("hex").slice(0, 7)}`] as const];
  });
  const names = defaults.map(([property]) => property).toSorted();
  const refusal = refuse?.(given, undefined);
  return {
    inputs: { ...given, ...Object.fromEntries(defaults), [DEFAULTS]: names },
    failures: refusal === undefined ? failures : [...failures, { property: "", reason: refusal }],
  };
}

function plain(inputs: Properties): Properties {
  const { [DEFAULTS]: _, ...rest } = inputs;
  return rest;
}

function storedOf({ fields }: Bridged, inputs: Properties): Properties {
  return Object.fromEntries(
    Object.entries(plain(inputs)).map(([name, value]) => [name, stored(fields[name], value)]),
  );
}

function stored(field: Field | undefined, value: Json): Json {
  return field?.stored === undefined || isUnknown(value) || isZero(value) ? value : field.stored(value);
}

function diffOf({ fields }: Bridged, state: Properties, inputs: Properties): Diff {
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

function same(field: Field, old: Json, now: Json): boolean {
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

/**
 * What a refresh gives back as inputs: those that the program gave, with what the cloud says of them now. An import has
 * none, and gives all that is not empty.
 */
function inputsFrom({ fields }: Bridged, inputs: Properties, { state }: Made): Actual["inputs"] {
  const imported = Object.keys(inputs).length === 0;
  if (imported) {
    const known = Object.keys(fields).filter((name) => !isZero(state[name]));
    return { ...Object.fromEntries(known.map((name) => [name, state[name]])), [DEFAULTS]: [] };
  }
  const now = Object.entries(plain(inputs)).map(([name, value]) => {
    const field = fields[name] ?? {};
    return [name, same(field, state[name], stored(field, value)) ? value : state[name]];
  });
  return { ...Object.fromEntries(now), [DEFAULTS]: inputs[DEFAULTS] ?? [] };
}
