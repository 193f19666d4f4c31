import { isDeepStrictEqual } from "node:util";
import { recordFlaws } from "../contacts/contact-record.ts";
import { type Contact, SEVERAL } from "./read-contact-book.ts";

interface Book {
  readonly agent: string;
  readonly rows: Readonly<Record<string, Contact>>;
}

/**
 * Merges the contacts of several contact books into one declaration. A contact is not declared if its entries differ
 * between agents, or if fleet.yaml does not allow it. Such a contact remains in the agents' own books.
 */
export function mergedContacts(agents: readonly string[], books: readonly Book[]) {
  const known = new Map<string, Contact>();
  const differing = new Set<string>();
  for (const [name, contact] of books.flatMap(({ rows }) => Object.entries(rows))) {
    if (contact === SEVERAL) differing.add(name);
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
            `these contacts are not declared, because a contact book has several rows with one name, their entries differ between agents, or ` +
              `fleet.yaml does not allow them; they stay in the agents' own books: ${learned.join(", ")}.`,
          ]
        : []),
      ...(made.length > 0
        ? [`no contact book that was read contains ${made.join(", ")}; a minimal entry was added for each.`]
        : []),
    ],
  };
}

function isSound(name: string, contact: Contact): boolean {
  return /^[a-z0-9][a-z0-9._-]{0,63}$/.test(name) && recordFlaws({ columns: contact }).length === 0;
}
