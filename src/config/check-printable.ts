import { isPrintable } from "../base/terminal-text.ts";
import type { Keys } from "./problem.ts";
import type { ProblemReport } from "./problem-report.ts";
import type { YamlSource } from "./yaml/source.ts";

/**
 * Reports every text that contains a control character, a line break or a character that changes the text direction.
 * Such characters are refused because texts are written to units, terminals and tables. Scripts can contain line breaks
 * and tabs. The contents of files are not checked.
 */
export function checkPrintable(source: YamlSource, report: ProblemReport): void {
  walk(source.value, [], (keys) => {
    const what = isScript(keys)
      ? "shell text without control characters except tabs"
      : "one line without control characters";
    report.error(source, keys, `must be ${what} or reversed text`);
  });
}

function walk(value: unknown, keys: Keys, report: (keys: Keys) => void): void {
  if (typeof value === "string") {
    const text = isScript(keys) || isNotes(keys) ? asOneLine(value) : value;
    if (!isFileText(keys) && !isPrintable(text)) report(keys);
  } else if (Array.isArray(value)) {
    value.forEach((item, index) => {
      walk(item, [...keys, index], report);
    });
  } else if (typeof value === "object" && value !== null) {
    for (const [key, item] of Object.entries(value)) {
      if (!key.startsWith("x-")) walk(item, [...keys, key], report);
    }
  }
}

function asOneLine(script: string): string {
  return script.replace(/[\n\t]/g, " ");
}

/** Whether a text is the script of a host's `setup` step. A script can have several lines. */
function isScript([section, , ...path]: Keys): boolean {
  return section === "hosts" && path[0] === "setup" && path[2] === "run" && path.length === 3;
}

/** Whether a text is in the `notes` of a contact. Notes can have several lines. */
function isNotes(keys: Keys): boolean {
  return keys.at(-1) === "notes" && (keys.length === 2 || (keys.length === 3 && keys[0] === "contacts"));
}

function isFileText([section, , ...path]: Keys): boolean {
  const isFile = path[0] === "files" && path[2] === "text";
  return ["identities", "services"].includes(`${section}`) && (isFile || path.join(".") === "unitFile.text");
}
