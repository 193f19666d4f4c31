/** A line of a record, or an object in it. All values come from an agent, so nothing about them is certain. */
export type Json = Readonly<Record<string, unknown>>;

/** Returns the object at a path of keys; empty if there is no object. */
export function mapAt(value: unknown, ...path: readonly string[]): Json {
  const found = valueAt(value, path);
  return isMap(found) ? found : {};
}

/** Returns the text at a path of keys; undefined if there is no text. */
export function textAt(value: unknown, ...path: readonly string[]): string | undefined {
  const found = valueAt(value, path);
  return typeof found === "string" && found !== "" ? found : undefined;
}

/** The largest number that counts. A larger number cannot be true, and would spoil all sums. */
const MOST = 1e9;

/** Returns the number at a path of keys; 0 if there is no valid number. */
export function countAt(value: unknown, ...path: readonly string[]): number {
  const found = valueAt(value, path);
  return typeof found === "number" && found > 0 && found <= MOST ? found : 0;
}

/** Returns the time at a path of keys in milliseconds since 1970; undefined if there is no valid time. */
export function timeAt(value: unknown, ...path: readonly string[]): number | undefined {
  const found = valueAt(value, path);
  const time = typeof found === "number" ? found : Date.parse(typeof found === "string" ? found : "");
  return Number.isFinite(time) && time > 0 ? time : undefined;
}

export function parsed(line: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isMap(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (one, key) => (isMap(one) && Object.hasOwn(one, key) ? one[key] : undefined),
    value,
  );
}

function isMap(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
