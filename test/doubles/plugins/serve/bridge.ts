import { randomBytes } from "node:crypto";
import type { Actual, Call, Checked, Made, ResourceType } from "./plugin.ts";
import { DEFAULTS, diffOf, type Fields, plain, same, stored, storedOf } from "./schema-fields.ts";
import { isUnknown, isZero, type Properties, UNKNOWN } from "./values.ts";

/**
 * A resource type as the vendor's Terraform provider defines it. The bridge turns this definition into a type of the
 * plugin.
 */
export interface Bridged {
  readonly fields: Fields;
  /** The names of values that only the cloud can determine. */
  readonly outputs: readonly string[];
  /** @returns the reason in the provider's own words if the inputs are invalid */
  refuse?(inputs: Properties, state: Properties | undefined): string | undefined;
  create(inputs: Properties, call: Call): Promise<Made>;
  /** @returns undefined for a missing object. `state` has the last run's inputs, which the API does not return. */
  read(id: string, state: Properties): Promise<Made | undefined>;
  update?(id: string, state: Properties, inputs: Properties, call: Call): Promise<Properties>;
  delete(id: string, state: Properties, call: Call): Promise<void>;
}

export function bridged(kind: Bridged): ResourceType {
  return {
    check: (inputs, olds, name) => checked(kind, inputs, olds, name),
    diff: (state, inputs) => {
      const refusal = kind.refuse?.(inputs, state);
      if (refusal !== undefined) throw new Error(refusal);
      return diffOf(kind.fields, state, inputs);
    },
    foreseen: (inputs) => {
      const open = Object.entries(kind.fields).filter(([name, field]) => field.computed && !(name in inputs));
      const unknown = [...kind.outputs, ...open.map(([name]) => name)].map((name) => [name, UNKNOWN]);
      return { ...storedOf(kind.fields, inputs), ...Object.fromEntries(unknown) };
    },
    create: (inputs, call) => withListedErrors(kind.create(plain(inputs), call)),
    read: async (id, inputs, state) => {
      const made = await withListedErrors(kind.read(id, state));
      return made === undefined ? undefined : { ...made, inputs: inputsFrom(kind, inputs, made) };
    },
    update: (id, state, inputs, call) => {
      if (kind.update === undefined) throw new Error("this type cannot be changed");
      return withListedErrors(kind.update(id, state, plain(inputs), call));
    },
    delete: (id, state, call) => withListedErrors(kind.delete(id, state, call)),
  };
}

/** Formats an error as a list, as the bridge does. */
async function withListedErrors<T>(work: Promise<T>): Promise<T> {
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
      reason: `Invalid or unknown key. Examine values at '${name}.${property}'.`,
    }));
  for (const [property, { required }] of Object.entries(fields)) {
    if (!required || given[property] !== undefined) continue;
    const why = `The argument "${property}" is required, but no definition was found.`;
    failures.push({
      property,
      reason: `Missing required argument. ${why} Examine values at '${name}.${property}'.`,
    });
  }
  failures.push(...refusedValues(fields, given, name));
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

/** Returns the refusals of single values. A value that is still unknown is not checked. */
function refusedValues(fields: Fields, given: Properties, name: string): Checked["failures"] {
  return Object.entries(fields).flatMap(([property, field]) => {
    const value = given[property];
    if (value === undefined || isUnknown(value)) return [];
    const zero = field.nonZero && isZero(value) ? `must not be zero, got ${value}` : undefined;
    const why = zero ?? field.refuse?.(value);
    if (why === undefined) return [];
    return [{ property, reason: `expected "${property}" ${why}. Examine values at '${name}.${property}'.` }];
  });
}

/**
 * Returns the inputs after a refresh, which are the program's inputs with the cloud's current values. An import has no
 * inputs of a program, and returns all values that are not empty.
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
