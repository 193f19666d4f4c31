import type { RowsItem } from "../../../../src/model/items.ts";
import type { Form, Place } from "./form.ts";
import { attributeForms, replacedForms } from "./paths.ts";

/** Returns the forms that change the rows, tables or file of a contact book. */
export function rowsForms(place: Place<RowsItem>): Form[] {
  const { path, table } = place.item;
  const where = `WHERE name = '${firstRow(place)}'`;
  const sql = (statement: string) => `sqlite3 ${path} "${statement}"`;
  const rows = { properties: ["rows"] };
  const learned = { properties: [], keeps: sql(`SELECT * FROM ${table} WHERE name = 'learned'`) };
  return [
    { name: "a cell changed", script: sql(`UPDATE ${table} SET email = 'x@y' ${where}`), ...rows },
    { name: "a cell emptied", script: sql(`UPDATE ${table} SET email = NULL ${where}`), ...rows },
    { name: "a row deleted", script: sql(`DELETE FROM ${table} ${where}`), ...rows },
    { name: "all rows deleted", script: sql(`DELETE FROM ${table}`), ...rows },
    { name: "a column dropped", script: sql(`ALTER TABLE ${table} DROP COLUMN email`), ...rows },
    { name: "the table dropped", script: sql(`DROP TABLE ${table}`), ...rows },
    { name: "emptied", script: `: >${path}`, ...rows },
    { name: "corrupted", script: `echo 'no database at all' >${path}`, properties: ["type"] },
    { name: "a row learned", script: sql(`INSERT INTO ${table} (name) VALUES ('learned')`), ...learned },
    {
      name: "a table of the agent's own",
      script: sql("CREATE TABLE notes (text); INSERT INTO notes VALUES ('mine')"),
      properties: [],
      keeps: sql("SELECT * FROM notes"),
    },
    ...attributeForms(place),
    ...replacedForms(place),
  ];
}

/** Returns the names of the rows that are declared for a contact book. */
export function declaredRows({ plan, item }: Place<RowsItem>): string[] {
  return Object.keys(JSON.parse(plan.contents[item.want.rows] ?? "{}") as object);
}

function firstRow(place: Place<RowsItem>): string {
  return declaredRows(place)[0] ?? "";
}
