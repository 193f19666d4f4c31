/**
 * Finds the known name that is most similar to the written name.
 *
 * @returns undefined if the most similar name differs in more than three letters, or in more than about a third of the
 *   letters
 */
export function nearest(written: string, known: Iterable<string>): string | undefined {
  let best: string | undefined;
  let fewest = Math.min(3, Math.ceil(written.length / 3)) + 1;
  for (const name of known) {
    if (Math.abs(name.length - written.length) >= fewest) continue;
    const edits = distance(written.toLowerCase(), name.toLowerCase());
    if (edits >= fewest) continue;
    best = name;
    fewest = edits;
  }
  return best;
}

/** Returns a text such as `; did you mean "west"?`, or an empty string if no known name is similar. */
export function didYouMean(written: string, known: Iterable<string>): string {
  const name = nearest(written, known);
  return name === undefined ? "" : `; did you mean "${name}"?`;
}

/** The Levenshtein distance: the minimum number of letters to insert, remove or change. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
