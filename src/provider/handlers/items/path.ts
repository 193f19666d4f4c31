/**
 * A property path as the engine reads it: `items["SOUL.md"].content`. A key that is no identifier must be
 * quoted, or the engine's diff shows empty braces.
 */
export function propertyPath(...keys: readonly string[]): string {
  return keys.map(step).join("").replace(/^\./, "");
}

function step(key: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(key) ? `.${key}` : `["${key.replaceAll('"', '\\"')}"]`;
}
