import { parsePattern, SEPARATORS } from "../../model/route-pattern.ts";
import type { TaskRoute } from "../../model/routes.ts";

/** The maximum number of nested calls in one statement. Older versions of SQLite parse only about 20. */
const MOST_NESTED = 8;

/** The events after which the guard checks a task, and the names of the guard's triggers. */
const TRIGGERS = {
  muster_guard_insert: "INSERT",
  muster_guard_update: "UPDATE OF subject, description",
} as const;

/**
 * Returns, by name, the triggers that refuse tasks that the agent must not do. The triggers are plain SQL and find the
 * same tasks as `muster route`, so they also work if a program writes to the database directly. They do not check a task
 * for another agent, which is never given out.
 *
 * @param routes all routes of the fleet
 */
export function guardTriggers(routes: readonly TaskRoute[], agent: string): Readonly<Record<string, string>> {
  const others = routes.filter(({ agents }) => !agents.includes(agent));
  if (others.length === 0) return {};
  const body = [
    "DELETE FROM muster_guard",
    `INSERT INTO muster_guard (words) VALUES (' ' || lower(substr(NEW.subject || char(10) || NEW.description, 1, 100000)) || ' ')`,
    ...replacements(),
    // Turns runs of spaces into one space. At this point, no text contains char(1).
    "UPDATE muster_guard SET words = replace(replace(replace(words, ' ', ' ' || char(1)), char(1) || ' ', ''), char(1), '')",
    ...others.map(refusal),
    "DELETE FROM muster_guard",
  ];
  const statements = body.map((statement) => `  ${statement};\n`).join("");
  return Object.fromEntries(
    Object.entries(TRIGGERS).map(([name, event]) => [
      name,
      `CREATE TRIGGER ${name} AFTER ${event} ON tasks WHEN NEW.status <> 'handing-off' BEGIN\n${statements}END`,
    ]),
  );
}

/** Returns the statements that replace each character between words by a space. */
function replacements(): string[] {
  const statements: string[] = [];
  for (let i = 0; i < SEPARATORS.length; i += MOST_NESTED) {
    const codes = SEPARATORS.slice(i, i + MOST_NESTED);
    const nested = codes.reduce((inner, code) => `replace(${inner}, char(${code}), ' ')`, "words");
    statements.push(`UPDATE muster_guard SET words = ${nested}`);
  }
  return statements;
}

/** Returns the statement that refuses a task of one route. */
function refusal({ capability, to, patterns }: TaskRoute): string {
  const conditions = patterns.flatMap((source) => {
    const pattern = parsePattern(source);
    if ("flaw" in pattern) return [];
    return [`(${pattern.phrases.map((phrase) => `instr(words, ${text(phrase)}) > 0`).join(" AND ")})`];
  });
  const message = `muster: ${capability}: this task goes to ${to}`;
  return `SELECT RAISE(ABORT, ${text(message)}) FROM muster_guard WHERE ${conditions.join(" OR ")}`;
}

function text(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}
