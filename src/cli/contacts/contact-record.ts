import { contactFlaw } from "../../config/contact-values.ts";
import { CONTACT_COLUMNS } from "../../config/fleet.ts";

/**
 * A contact in a file for export or import: its columns as text, and its name in fleet.yaml if the contact has a name.
 */
export interface ContactRecord {
  readonly name?: string;
  readonly columns: Readonly<Record<string, string>>;
}

/** A file format for contacts. To add a format, write a file in this folder and a line in formats.ts. */
export interface ContactFormat {
  /** The file name extensions, without a dot. The first extension is also the name of the format. */
  readonly endings: readonly string[];
  render(contacts: readonly ContactRecord[]): string;
  /** @throws InvalidError if the text does not have this format */
  parse(text: string): ContactRecord[];
}

/** The columns that have a fixed set of values, and these values. */
const VALUES: Readonly<Record<string, readonly string[]>> = {
  type: ["agent", "human"],
  status: ["active", "inactive", "archived"],
  visibility: ["public", "private"],
};

/** The maximum length of a value in characters, as in schema/contacts.schema.json. */
const LONGEST = 4096;

/** Returns the errors in a contact, as sentences; an empty list if the contact can be declared. */
export function recordFlaws({ columns }: ContactRecord): string[] {
  return Object.entries(columns).flatMap(([column, value]) => {
    const allowed = VALUES[column];
    if (allowed !== undefined && !allowed.includes(value))
      return [`${column} must be ${allowed.join(" or ")}`];
    if (value.length > LONGEST) return [`${column} has more than ${LONGEST} characters`];
    const flaw = contactFlaw(column, value);
    return flaw === undefined ? [] : [`${column}: "${value}" ${flaw}`];
  });
}

/** Returns the fields that are columns of fleet.yaml and not empty. */
export function knownColumns(fields: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(
    CONTACT_COLUMNS.flatMap((column) => {
      const value = fields[column];
      if (value === undefined || value === null || value === "") return [];
      return [[column, typeof value === "object" ? JSON.stringify(value) : String(value).trim()]];
    }),
  );
}
