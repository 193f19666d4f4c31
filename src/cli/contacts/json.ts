import { InvalidError } from "../../base/errors.ts";
import { safeJson } from "../render/text.ts";
import { type ContactFormat, type ContactRecord, knownColumns } from "./contact-record.ts";

/**
 * JSON: an object with a list `contacts`, as in docs/schema/contacts.schema.json. A list without this object can also
 * be imported.
 */
export const json: ContactFormat = {
  endings: ["json"],
  render: (contacts) => safeJson({ version: 1, exit: 0, codes: [0], contacts: contacts.map(fieldsOf) }),
  parse: (text) => {
    const value = parseJson(text);
    const contacts = Array.isArray(value) ? value : (value as { contacts?: unknown } | null)?.contacts;
    if (Array.isArray(contacts)) return contacts.map((one) => recordOf(asObject(one)));
    if (typeof contacts !== "object" || contacts === null) throw invalid("it has no list `contacts`.");
    return Object.entries(contacts).map(([name, one]) => recordOf({ name, ...asObject(one) }));
  },
};

function fieldsOf({ name, columns }: ContactRecord): object {
  const { links, ...texts } = columns;
  return {
    ...(name !== undefined && { name }),
    ...texts,
    ...(links !== undefined && { links: JSON.parse(links) }),
  };
}

function recordOf(fields: Readonly<Record<string, unknown>>): ContactRecord {
  const { name } = fields;
  return { ...(typeof name === "string" && name !== "" && { name }), columns: knownColumns(fields) };
}

function asObject(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value === "object" && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw invalid("a contact is not an object.");
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\ufeff/, ""));
  } catch (error) {
    throw invalid(`${(error as Error).message}.`);
  }
}

function invalid(why: string): InvalidError {
  return new InvalidError({ what: "this is not a JSON file with contacts", why });
}
