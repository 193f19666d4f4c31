/** Returns the value if it is a map, and otherwise an empty map. */
export function asMap(value: unknown): Readonly<Record<string, unknown>> {
  const isMap = typeof value === "object" && value !== null && !Array.isArray(value);
  return isMap ? (value as Record<string, unknown>) : {};
}

/** Returns the names that a section declares: all keys except those that begin with `x-`. */
export function namesIn(section: unknown): string[] {
  return Object.keys(asMap(section)).filter((name) => !name.startsWith("x-"));
}

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** Converts a duration such as `30`, `30s`, `5m`, `1h` or `7d` to seconds. */
export function secondsOf(value: number | string): number {
  if (typeof value === "number") return value;
  return Number.parseInt(value, 10) * (UNITS[value.slice(-1)] ?? 1);
}
