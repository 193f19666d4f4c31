import { InvalidError } from "../../base/errors.ts";
import type { ContactFormat } from "./contact-record.ts";
import { csv } from "./csv.ts";
import { json } from "./json.ts";
import { vcard } from "./vcard.ts";

const FORMATS: readonly ContactFormat[] = [json, csv, vcard];

/** Finds a format by its name or by a file name extension. @throws InvalidError for an unknown format */
export function findFormat(ending: string): ContactFormat {
  const found = FORMATS.find(({ endings }) => endings.includes(ending.toLowerCase()));
  if (found !== undefined) return found;
  throw new InvalidError({
    what: `unknown format ${JSON.stringify(ending)}`,
    why: `contacts can be read and written as ${FORMATS.map(({ endings }) => endings[0]).join(", ")}.`,
    next: "Choose one with `--format`.",
  });
}
