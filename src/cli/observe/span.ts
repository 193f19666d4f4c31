const UNITS = [
  ["d", 86_400],
  ["h", 3600],
  ["m", 60],
  ["s", 1],
] as const;

/** Formats a number of seconds in its two largest units: `3d 4h`, `12s`. */
export function span(seconds: number): string {
  const at = UNITS.findIndex(([, size]) => seconds >= size);
  if (at === -1) return "0s";
  let rest = Math.floor(seconds);
  const parts = UNITS.slice(at, at + 2).map(([unit, size]) => {
    const number = Math.floor(rest / size);
    rest -= number * size;
    return number === 0 ? "" : `${number}${unit}`;
  });
  return parts.filter((part) => part !== "").join(" ");
}
