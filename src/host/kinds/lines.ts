import type { Detail } from "../../model/items.ts";
import { shown } from "../shown.ts";

/** The first line in which two texts differ, for a person to read. */
export function lineDetail(declared: string, observed: string): Detail[] {
  const [wanted, found] = [declared.split("\n"), observed.split("\n")];
  const total = Math.max(wanted.length, found.length);
  const differing = Array.from({ length: total }, (_, i) => i).filter((i) => wanted[i] !== found[i]);
  const first = differing[0];
  if (first === undefined) return [];
  const others = differing.length - 1;
  const more = others === 0 ? "" : ` (and ${others} more line${others === 1 ? "" : "s"})`;
  return [
    {
      property: "content",
      declared: `line ${first + 1}: ${shown(wanted[first])}`,
      observed: `line ${first + 1}: ${shown(found[first])}${more}`,
    },
  ];
}
