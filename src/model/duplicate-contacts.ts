import { ADDRESS_COLUMNS, type Row } from "./contact-rows.ts";

/** A row of an agent's contact book. */
export interface BookRow {
  /** The row's number in SQLite. */
  readonly id: number;
  /** The text of each cell that is not empty. */
  readonly cells: Row;
  /** The columns that fleet.yaml declares for this row; absent if the agent itself wrote the row. */
  readonly declared?: readonly string[];
}

/** Several rows for the same person or agent, and the row into which they are merged. */
export interface DuplicateContact {
  /** The property that the rows have in common, such as `stx_address`. */
  readonly same: string;
  readonly kept: BookRow;
  readonly removed: readonly BookRow[];
  /** The empty cells of the kept row that get a value, and the row that has this value. */
  readonly filled: readonly { readonly column: string; readonly from: number }[];
  /**
   * The column that keeps the values that would otherwise be lost, and its new text; absent if no value would be lost.
   */
  readonly notes?: { readonly column: string; readonly text: string };
}

/** Finds the duplicates in an agent's contact book, and merges them on request. */
export interface ContactsRequest {
  readonly op: "contacts";
  /** The id of the agent's resource. */
  readonly resource: string;
  /** The digest of the duplicates to merge, from an earlier answer. If absent, nothing is changed. */
  readonly merge?: string;
}

export interface ContactsAnswer {
  readonly duplicates: readonly DuplicateContact[];
  /** The digest of all rows that are listed. */
  readonly digest: string;
  /** The path of a copy of these rows from before the merge. Root owns the copy. */
  readonly kept?: string;
}

/**
 * The properties that two rows can have in common, the strongest first. Each entry names the columns that must then not
 * differ.
 */
const LEVELS: readonly {
  readonly same: string;
  readonly differ: readonly string[];
  readonly key: (cells: Row) => string | undefined;
}[] = [
  ...ADDRESS_COLUMNS.map((column) => ({ same: column, differ: [], key: (cells: Row) => cells[column] })),
  { same: "agent_id", differ: ADDRESS_COLUMNS, key: (cells) => cells["agent_id"] },
  {
    same: "display_name and type",
    differ: [...ADDRESS_COLUMNS, "agent_id"],
    key: ({ display_name: shown, type }) => (shown && type ? `${shown.toLowerCase()} ${type}` : undefined),
  },
  {
    same: "name",
    differ: [...ADDRESS_COLUMNS, "agent_id", "type"],
    key: ({ name }) => name?.toLowerCase(),
  },
];

interface Group {
  readonly same: string;
  readonly rows: readonly BookRow[];
}

/**
 * Finds the rows of a contact book that are about the same person or agent: rows with the same address, then with the
 * same agent id, then with the same display name and type, then with the same name. A weaker match counts only if the
 * stronger columns do not differ. Two declared rows are never duplicates of each other.
 *
 * @param own the column that only numbers the rows; its values are not kept
 */
export function findDuplicates(rows: readonly BookRow[], own?: string): DuplicateContact[] {
  const groups = LEVELS.reduce<readonly Group[]>(
    joinGroups,
    rows.map((row) => ({ same: "", rows: [row] })),
  );
  return groups.filter((group) => group.rows.length > 1).map((group) => mergeGroup(group, own));
}

/** Joins the groups that have the same key. Does not join groups if it is not clear whether they belong together. */
function joinGroups(groups: readonly Group[], { same, differ, key }: (typeof LEVELS)[number]): Group[] {
  const joined = [...groups];
  const owners = groups.map((_, i) => i);
  const ownerOf = (i: number): number => (owners[i] === i ? i : ownerOf(owners[i] as number));
  for (const members of membersByKey(groups, key)) {
    const [first = 0, ...others] = new Set(members.map(ownerOf));
    const all = [first, ...others].map((i) => joined[i] as Group);
    const rows = all.flatMap((group) => group.rows);
    if (others.length === 0 || !canJoin(all, differ)) continue;
    joined[first] = { same: all.find((group) => group.same !== "")?.same ?? same, rows };
    for (const other of others) owners[other] = first;
  }
  return joined.filter((_, i) => owners[i] === i);
}

function membersByKey(groups: readonly Group[], key: (cells: Row) => string | undefined): number[][] {
  const members = new Map<string, number[]>();
  groups.forEach(({ rows }, i) => {
    for (const one of new Set(rows.flatMap(({ cells }) => key(cells) ?? [])))
      members.set(one, [...(members.get(one) ?? []), i]);
  });
  return [...members.values()];
}

function canJoin(groups: readonly Group[], differ: readonly string[]): boolean {
  const declared = groups.flatMap(({ rows }) => rows.filter((row) => row.declared !== undefined));
  return declared.length < 2 && differ.every((column) => isSame(groups, column));
}

/** Whether all groups that have values in a column have a value in common with the first of these groups. */
function isSame(groups: readonly Group[], column: string): boolean {
  const [first = [], ...others] = groups
    .map(({ rows }) => rows.flatMap(({ cells }) => cells[column] ?? []))
    .filter((values) => values.length > 0);
  return others.every((values) => values.some((value) => first.includes(value)));
}

/** Merges a group. Keeps the declared row or, if no row is declared, the oldest row. */
function mergeGroup({ same, rows }: Group, own: string | undefined): DuplicateContact {
  const sorted = rows.toSorted(
    (a, b) => Number(a.declared === undefined) - Number(b.declared === undefined) || a.id - b.id,
  );
  const [kept, ...removed] = sorted as [BookRow, ...BookRow[]];
  const columns = [...new Set(removed.flatMap(({ cells }) => Object.keys(cells)))].filter(
    (column) => column !== "notes" && column !== own,
  );
  const filled = columns.flatMap((column) => {
    const from = column in kept.cells ? undefined : removed.find(({ cells }) => column in cells);
    return from === undefined ? [] : [{ column, from: from.id }];
  });
  const notes = notesOf(kept, removed, columns, filled);
  return { same, kept, removed, filled, ...(notes !== undefined && { notes }) };
}

/** Collects the notes of all rows, and the values that differ from the values in the kept row. */
function notesOf(
  kept: BookRow,
  removed: readonly BookRow[],
  columns: readonly string[],
  filled: DuplicateContact["filled"],
): DuplicateContact["notes"] {
  const column = kept.declared?.includes("notes") ? "merged_notes" : "notes";
  const before = kept.cells[column];
  const lines = removed.flatMap(({ id, cells }) => [
    ...(cells["notes"] === undefined || cells["notes"] === kept.cells["notes"] ? [] : [cells["notes"]]),
    ...columns.flatMap((one) => {
      const source = filled.find((cell) => cell.column === one);
      const value = kept.cells[one] ?? removed.find((row) => row.id === source?.from)?.cells[one];
      const isLost = cells[one] !== undefined && cells[one] !== value && source?.from !== id;
      return isLost ? [`${one}: ${cells[one]}`] : [];
    }),
  ]);
  const missing = [...new Set(lines)].filter((line) => !before?.split("\n").includes(line));
  if (missing.length === 0) return undefined;
  return { column, text: [...(before === undefined ? [] : [before]), ...missing].join("\n") };
}
