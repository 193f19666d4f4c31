import { parseItemName } from "../../../model/agent-parts.ts";

/**
 * Returns the engine's path for an item or for one of its properties, such as `identity["SOUL.md"].content`. A key that
 * is not an identifier must be quoted. Otherwise, the engine's diff shows empty braces.
 */
export function itemPath(name: string, ...keys: readonly string[]): string {
  const { part, label } = parseItemName(name);
  return [part, label, ...keys].map(step).join("").replace(/^\./, "");
}

function step(key: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(key) ? `.${key}` : `["${key.replaceAll('"', '\\"')}"]`;
}
