import { contactFlaw } from "../contact-values.ts";
import type { ContactSpec } from "../fleet.ts";
import type { Keys } from "../problem.ts";
import { asMap, namesIn } from "../yaml-values.ts";
import { type Context, resolveSection } from "./context.ts";

/** Returns the valid contacts by name. */
export function resolveContacts(context: Context): Record<string, ContactSpec> {
  const names = new Set(namesIn(asMap(context.source.value)["contacts"]));
  return resolveSection("contacts", context, (name, raw, keys) => {
    checkValues(asMap(raw), keys, names, context);
    return { name, columns: columnsOf(raw) };
  });
}

/** Reports invalid values, and references to contacts that do not exist. Each problem has the line of the value. */
function checkValues(
  contact: Readonly<Record<string, unknown>>,
  at: Keys,
  names: ReadonlySet<string>,
  { source, report }: Context,
): void {
  const error = (keys: Keys, sentence: string) => report.error(source, [...at, ...keys], sentence);
  for (const [column, value] of Object.entries(contact)) {
    const flaw = typeof value === "string" ? contactFlaw(column, value) : undefined;
    if (flaw !== undefined) error([column], `"${value}" ${flaw}`);
  }
  const { operator, links } = contact;
  if (typeof operator === "string" && !names.has(operator))
    error(["operator"], `there is no contact "${operator}"`);
  for (const other of namesIn(asMap(links)).filter((one) => !names.has(one)))
    error(["links", other], `there is no contact "${other}"`);
}

function columnsOf(raw: unknown): Record<string, string> {
  const columns = asMap(raw);
  return Object.fromEntries(namesIn(columns).map((name) => [name, textOf(columns[name])]));
}

/** Returns the text in a column. A map becomes JSON with sorted keys, so that the order of its keys does not matter. */
function textOf(value: unknown): string {
  if (typeof value !== "object" || value === null) return `${value ?? ""}`;
  const entries = Object.entries(value).filter(([key]) => !key.startsWith("x-"));
  return JSON.stringify(Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1))));
}
