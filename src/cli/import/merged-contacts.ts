import { isDeepStrictEqual } from "node:util";
import type { Contact } from "./contacts.ts";

interface Book {
  readonly agent: string;
  readonly rows: Readonly<Record<string, Contact>>;
}

/**
 * Merges the contacts of several books into one declaration. Contacts that differ between agents, or that
 * fleet.yaml does not allow, are not declared; they stay in the agents' own books.
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
    /** Returns the names of the declared contacts that are in an agent's own book. */
    of: (agent: string) => {
      const rows = books.find((book) => book.agent === agent)?.rows ?? {};
      return names.filter((name) => Object.hasOwn(rows, name));
    },
    notes: [
      ...(learned.length > 0
        ? [
            `these contacts are not declared, because their entries differ between agents or are not allowed in ` +
              `fleet.yaml; they stay in the agents' own books: ${learned.join(", ")}.`,
          ]
        : []),
      ...(made.length > 0
        ? [`no contact book contains ${made.join(", ")}; a minimal entry was added for each.`]
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
