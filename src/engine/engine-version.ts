/** The one version of the engine that Muster is tested with; src/engine/go/cli/go.mod names the same. */
export const ENGINE_VERSION = "3.259.0";

/** The parts of the first `1.2.3`, `v1.2` or `go1.2.3` in a text; undefined where there is none. */
export function parseVersion(text: string): number[] | undefined {
  return /(\d+)\.(\d+)(?:\.(\d+))?/
    .exec(text)
    ?.slice(1)
    .map((part) => Number(part ?? 0));
}

/** Whether version `have` is `want` or newer; false where `have` cannot be read. */
export function atLeast(have: string, want: string): boolean {
  const [a, b] = [parseVersion(have), parseVersion(want)];
  if (a === undefined || b === undefined) return false;
  for (const [index, part] of b.entries()) {
    const difference = (a[index] ?? 0) - part;
    if (difference !== 0) return difference > 0;
  }
  return true;
}

/** Whether an engine of version `have` may be used: at least ours, and of the same major version. */
export function usable(have: string): boolean {
  return atLeast(have, ENGINE_VERSION) && parseVersion(have)?.[0] === parseVersion(ENGINE_VERSION)?.[0];
}
