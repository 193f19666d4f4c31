/** Returns a map with the keys of `map` and the values that `change` returns. */
export function mapValues<A, B>(
  map: Readonly<Record<string, A>>,
  change: (value: A, key: string) => B,
): Record<string, B> {
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [key, change(value, key)]));
}

/** Returns a map with the values of `map` and the keys that `change` returns. */
export function mapKeys<A>(
  map: Readonly<Record<string, A>>,
  change: (key: string) => string,
): Record<string, A> {
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [change(key), value]));
}
