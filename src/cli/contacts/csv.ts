import Papa from "papaparse";
import { InvalidError } from "../../base/errors.ts";
import { CONTACT_COLUMNS } from "../../config/fleet.ts";
import { type ContactFormat, knownColumns } from "./contact-record.ts";

/** CSV with a first line that names the columns; see RFC 4180. An import detects the separator of the file. */
export const csv: ContactFormat = {
  endings: ["csv", "tsv"],
  render: (contacts) => {
    const used = CONTACT_COLUMNS.filter((column) => contacts.some(({ columns }) => column in columns));
    const rows = contacts.map(({ name, columns }) => [
      name ?? "",
      ...used.map((column) => columns[column] ?? ""),
    ]);
    return `${Papa.unparse([["name", ...used], ...rows], { newline: "\r\n" })}\r\n`;
  },
  parse: (text) => {
    const { data, errors, meta } = Papa.parse<Record<string, string>>(text.replace(/^\ufeff/, ""), {
      header: true,
      skipEmptyLines: "greedy",
      transformHeader: (header) =>
        header
          .trim()
          .toLowerCase()
          .replaceAll(/[\s-]+/g, "_"),
    });
    const flaw = errors.find(({ code }) => code !== "UndetectableDelimiter");
    if (flaw !== undefined) throw invalid(`row ${(flaw.row ?? 0) + 2}: ${flaw.message}.`);
    const known = ["name", ...CONTACT_COLUMNS].some((column) => meta.fields?.includes(column));
    if (!known) throw invalid("its first line names no column of a contact, such as display_name.");
    return data.map((row) => {
      const name = row["name"]?.trim() ?? "";
      return { ...(name !== "" && { name }), columns: knownColumns(row) };
    });
  },
};

function invalid(why: string): InvalidError {
  return new InvalidError({ what: "this is not a CSV file with contacts", why });
}
