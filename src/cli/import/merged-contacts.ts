import { isDeepStrictEqual } from "node:util";
import type { Contact } from "./contacts.ts";

interface Book {
  readonly agent: string;
  readonly rows: Readonly<Record<string, Contact>>;
}

/**
 * The contacts of several books as one declaration. What two agents know differently, or has a form that fleet.yaml does
 * not allow, is not declared: it stays in their books as what they learned.
 */
export function mergedContacts(agents: readonly string[], books: readonly Book[]) {
  const known = new Map<string, Contact>();
  const differing = new Set<string>();
  for (const [name, contact] of books.flatMap(({ rows }) => Object.entries(rows))) {
    if (!known.has(name)) known.set(name, contact);
    else if (!isDeepStrictEqual(known.get(name), contact)) differing.add(name);
  }
  const isDeclared = (name: string) => !differing.has(name) && isSound(name, known.get(name) ?? {});
  const names = [...known.keys()].filter(isDeclared).sort();
  const learned = [...known.keys()].filter((name) => !isDeclared(name)).sort();
  const made = agents.filter((agent) => !names.includes(agent));
  return {
    declared: Object.fromEntries([
      ...names.map((name) => [name, known.get(name)] as const),
      ...made.map((name) => [name, { display_name: name, type: "agent" }] as const),
    ]) as Readonly<Record<string, Contact>>,
    /** Those of its own book. */
    of: (agent: string) => {
      const rows = books.find((book) => book.agent === agent)?.rows ?? {};
      return names.filter((name) => Object.hasOwn(rows, name));
    },
    notes: [
      ...(learned.length > 0
        ? [
            `contacts that agents know differently, or that have another form, stay their own: ${learned.join(", ")}.`,
          ]
        : []),
      ...(made.length > 0
        ? [`nobody has ${made.join(", ")} in a contact book; an entry was made up for each.`]
        : []),
    ],
  };
}

function isSound(name: string, contact: Contact): boolean {
  return (
    /^[a-z0-9][a-z0-9._-]{0,63}$/.test(name) &&
    ["agent", "human", undefined].includes(contact["type"]) &&
    Object.values(contact).every((cell) => cell.length <= 4096)
  );
}
