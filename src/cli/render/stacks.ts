import type { StackRow } from "../stack/list.ts";
import { table } from "./table.ts";
import { safeJson } from "./text.ts";

/** Renders a table with one row per stack. */
export function renderStacks(rows: readonly StackRow[]): string {
  const place = (isHere: boolean | undefined) => (isHere === undefined ? "-" : isHere ? "here" : "not here");
  const lines = rows.map(({ stack, slice, hosts, passphrase, key }) => [
    stack,
    slice,
    hosts.join(" "),
    place(passphrase),
    place(key),
  ]);
  return table([["STACK", "SLICE", "HOSTS", "PASSPHRASE", "KEY"], ...lines]);
}

/** Renders the list as JSON, as described in docs/schema/stacks.schema.json. */
export function renderStacksJson(stacks: readonly StackRow[]): string {
  return safeJson({ version: 1, exit: 0, codes: [0], stacks });
}
