import { InvalidError } from "../../base/errors.ts";
import { CONTACT_COLUMNS } from "../../config/fleet.ts";
import { type ContactFormat, type ContactRecord, knownColumns } from "./contact-record.ts";

/** The columns for which RFC 6350 has a property. All other columns are in `X-MUSTER-…` properties. */
const PROPERTIES: Readonly<Record<string, string>> = {
  display_name: "FN",
  email: "EMAIL",
  website: "URL",
  notes: "NOTE",
};

const OWN = "X-MUSTER-";

/** vCard 4.0; see RFC 6350. Files with version 3.0 can be imported as well. */
export const vcard: ContactFormat = {
  endings: ["vcard", "vcf"],
  render: (contacts) => contacts.map(cardOf).join(""),
  parse: (text) => {
    const cards = text
      .replace(/^\ufeff/, "")
      .replaceAll(/\r?\n[ \t]/g, "")
      .split(/^BEGIN:VCARD\r?$/im)
      .slice(1);
    if (cards.length === 0) throw invalid("it has no line BEGIN:VCARD.");
    return cards.map(parseCard);
  },
};

function cardOf({ name, columns }: ContactRecord): string {
  const { display_name: shown = name ?? "", type } = columns;
  const lines = [
    ["FN", shown],
    ["KIND", type === "agent" ? "application" : "individual"],
    ...(name === undefined ? [] : [[`${OWN}NAME`, name]]),
    ...CONTACT_COLUMNS.filter((column) => column in columns && column !== "display_name").map((column) => [
      PROPERTIES[column] ?? `${OWN}${column.toUpperCase().replaceAll("_", "-")}`,
      columns[column] ?? "",
    ]),
  ].map(([property = "", value = ""]) => `${property}:${escaped(property, value)}`);
  return ["BEGIN:VCARD", "VERSION:4.0", ...lines, "END:VCARD"].map((line) => `${folded(line)}\r\n`).join("");
}

/** Escapes a value. The value of URL is not escaped, because RFC 6350 allows no escapes in a URI. */
function escaped(property: string, value: string): string {
  return property === "URL" ? value : value.replaceAll(/[\\,;]/g, "\\$&").replaceAll(/\r?\n/g, "\\n");
}

/** Folds a line after at most 75 bytes, without cutting a character. */
function folded(line: string): string {
  let result = "";
  let size = 0;
  for (const character of line) {
    const bytes = Buffer.byteLength(character);
    if (size + bytes > 75) {
      result += "\r\n ";
      size = 1;
    }
    result += character;
    size += bytes;
  }
  return result;
}

function parseCard(text: string): ContactRecord {
  const values = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    // A property can have a group before its name, and parameters after it.
    const [, property = "", value = ""] =
      /^(?:[\w-]+\.)?([\w-]+)(?:;(?:"[^"]*"|[^":])*)?:(.*)$/.exec(line) ?? [];
    const key = property.toUpperCase();
    if (key === "VERSION" && !["3.0", "4.0"].includes(value))
      throw invalid(`version ${value} is not supported.`);
    if (key !== "" && !values.has(key)) values.set(key, key === "URL" ? value : unescaped(value));
  }
  const fields = CONTACT_COLUMNS.map((column) => {
    const property = PROPERTIES[column] ?? `${OWN}${column.toUpperCase().replaceAll("_", "-")}`;
    return [column, values.get(property)] as const;
  });
  const name = values.get(`${OWN}NAME`);
  return { ...(name !== undefined && { name }), columns: knownColumns(Object.fromEntries(fields)) };
}

function unescaped(value: string): string {
  return value.replaceAll(/\\(.)/g, (_, character: string) => (/n/i.test(character) ? "\n" : character));
}

function invalid(why: string): InvalidError {
  return new InvalidError({ what: "this is not a vCard file", why });
}
