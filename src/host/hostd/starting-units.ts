/** Seconds in which one that is on its way is asked about at each turn; after that it is a slow one. */
const PATIENCE = 10;

/**
 * Who is to be asked about again though nothing was heard of them.
 *
 * @param onTheirWay whose unit was on its way when it was last asked about
 * @returns a function of the time in seconds
 */
export function startingUnits(onTheirWay: () => readonly string[]): (now: number) => readonly string[] {
  let since: ReadonlyMap<string, number> = new Map();
  return (now) => {
    since = new Map(onTheirWay().map((name) => [name, since.get(name) ?? now]));
    return [...since].filter(([, began]) => now - began < PATIENCE).map(([name]) => name);
  };
}
