/** The engine version with which Muster is tested. src/engine/go/cli/go.mod requires the same version. */
export const ENGINE_VERSION = "3.259.0";

/**
 * Returns the numbers of the first version in a text, such as `1.2.3`, `v1.2` or `go1.2.3`; undefined if the
 * text contains no version.
 */
export function parseVersion(text: string): number[] | undefined {
  return /(\d+)\.(\d+)(?:\.(\d+))?/
    .exec(text)
    ?.slice(1)
    .map((part) => Number(part ?? 0));
}

/** Whether version `have` is `want` or newer; false if `have` cannot be parsed. */
export function atLeast(have: string, want: string): boolean {
  const [a, b] = [parseVersion(have), parseVersion(want)];
  if (a === undefined || b === undefined) return false;
  for (const [index, part] of b.entries()) {
    const difference = (a[index] ?? 0) - part;
    if (difference !== 0) return difference > 0;
  }
  return true;
}

/** Whether an engine of version `have` can be used: ENGINE_VERSION or newer, with the same major version. */
export function usable(have: string): boolean {
  return atLeast(have, ENGINE_VERSION) && parseVersion(have)?.[0] === parseVersion(ENGINE_VERSION)?.[0];
}
