import { ADDRESS_COLUMNS } from "../../model/contact-rows.ts";
import type { ContactRecord } from "./contact-record.ts";

/** An index of contacts, to which contacts can be added. */
export interface ContactIndex {
  /**
   * Finds the contact that a record describes. Compares first the addresses, then the agent id, then the name, then the
   * displayed name and the type.
   */
  find(record: ContactRecord): ContactRecord | undefined;
  add(contact: ContactRecord): void;
}

/** Returns an index of these contacts. */
export function indexContacts(contacts: readonly ContactRecord[]): ContactIndex {
  const byKey = new Map<string, ContactRecord>();
  const add = (contact: ContactRecord) => {
    for (const key of keysOf(contact)) if (!byKey.has(key)) byKey.set(key, contact);
  };
  contacts.forEach(add);
  return { add, find: (record) => keysOf(record).flatMap((key) => byKey.get(key) ?? [])[0] };
}

/** Returns the keys of a contact in the index, in the order of precedence. */
function keysOf({ name, columns }: ContactRecord): string[] {
  const { agent_id: id, display_name: shown, type = "" } = columns;
  return [
    ...ADDRESS_COLUMNS.flatMap((column) =>
      columns[column] === undefined ? [] : [`address ${columns[column]}`],
    ),
    ...(id === undefined ? [] : [`id ${id}`]),
    ...(name === undefined ? [] : [`name ${name}`]),
    ...(shown === undefined ? [] : [`shown ${shown.toLowerCase()} ${type}`]),
  ];
}

/** The columns in which a search for a person or an agent looks, in the order of precedence. */
const SEARCHED = [
  "agent_id",
  ...ADDRESS_COLUMNS,
  "email",
  "bns_name",
  "aibtc_name",
  "github_handle",
  "x_handle",
  "display_name",
  "website",
  "x402_endpoint",
];

/**
 * Finds the contacts with this name, address or handle. If no contact matches, finds the contacts in which one of these
 * values contains the word.
 */
export function findContacts(contacts: readonly ContactRecord[], word: string): ContactRecord[] {
  const wanted = word.toLowerCase().replace(/^@/, "");
  const textsOf = ({ name, columns }: ContactRecord) =>
    [name, ...SEARCHED.map((column) => columns[column])].flatMap((text) => text?.toLowerCase() ?? []);
  const exact = contacts.filter((one) => textsOf(one).includes(wanted));
  if (exact.length > 0) return exact;
  return contacts.filter((one) => textsOf(one).some((text) => text.includes(wanted)));
}
