import { existsSync } from "node:fs";
import { MusterError } from "../../base/errors.ts";
import { reasonOf } from "../system/error-reason.ts";

/**
 * Finds an agent in the address book of the calling agent: by a name, a handle, an address, or any other column of a
 * contact.
 *
 * @param partners the agents that can get messages of the calling agent
 * @returns the name of the agent
 * @throws MusterError if no contact or several contacts match
 */
export function findContact(home: string, wanted: string, partners: readonly string[]): string {
  if (partners.includes(wanted)) return wanted;
  const names = new Set(
    matchingNames(`${home}/contacts.db`, wanted).filter((name) => partners.includes(name)),
  );
  const [name, ...others] = names;
  if (name !== undefined && others.length === 0) return name;
  const why =
    name === undefined
      ? "no agent of this tenant has this name, and no contact in the address book that is such an agent matches it"
      : `several contacts in the address book match it: ${[...names].join(", ")}`;
  const next = `The other agents of the tenant are ${partners.join(", ") || "none"}.`;
  throw new MusterError({ what: wanted, why, next });
}

function matchingNames(path: string, wanted: string): string[] {
  if (!existsSync(path)) return [];
  const { DatabaseSync } = process.getBuiltinModule("node:sqlite");
  try {
    const db = new DatabaseSync(path, { readOnly: true, allowExtension: false, timeout: 5000 });
    try {
      const rows = db.prepare("SELECT * FROM contacts").all();
      const isWanted = (value: unknown) =>
        typeof value === "string" && value.toLowerCase() === wanted.toLowerCase();
      return rows.filter((row) => Object.values(row).some(isWanted)).map((row) => String(row["name"]));
    } finally {
      db.close();
    }
  } catch (error) {
    throw new MusterError({ what: path, why: reasonOf(error), next: "Name the agent itself." });
  }
}
