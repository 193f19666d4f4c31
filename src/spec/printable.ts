import type { Keys } from "./problem.ts";
import { isPrintable } from "./problem.ts";
import type { Report } from "./report.ts";
import type { Source } from "./yaml/source.ts";

/**
 * Tells the report every text with a control character, line break or reversed text in it: these end
 * up in units, terminals and tables. The texts of files are free.
 */
export function checkPrintable(source: Source, report: Report): void {
  walk(source.value, [], (keys) =>
    report.error(source, keys, "must be one line without control characters or reversed text"),
  );
}

function walk(value: unknown, keys: Keys, tell: (keys: Keys) => void): void {
  if (typeof value === "string") {
    if (!isPrintable(value) && !isFileText(keys)) tell(keys);
  } else if (Array.isArray(value)) {
    value.forEach((item, index) => {
      walk(item, [...keys, index], tell);
    });
  } else if (typeof value === "object" && value !== null) {
    for (const [key, item] of Object.entries(value)) {
      if (!key.startsWith("x-")) walk(item, [...keys, key], tell);
    }
  }
}

function isFileText([section, , ...path]: Keys): boolean {
  const isFile = path[0] === "files" && path[2] === "text";
  return ["identities", "services"].includes(`${section}`) && (isFile || path.join(".") === "unitFile.text");
}
