/** Whether the name of a variable or of a setting suggests that its value is a key, such as `API_KEY` or `apiKey`. */
export function isKeyName(name: string): boolean {
  return /(^|[_-])(key|token|secret|password)$/i.test(name.replace(/([a-z])([A-Z])/g, "$1_$2"));
}

/** Whether a text only refers to a variable or to a template's value, such as `$NAME`, `${NAME}` or `{{NAME}}`. */
export function isOnlyReference(text: string): boolean {
  return /^\s*(?:\$[A-Za-z_]\w*|\$\{[^}]*\}|\$\([^)]*\)|%\w+%|\{\{[^}]*\}\}|<[A-Z][A-Z0-9_ -]*>)\s*$/.test(
    text,
  );
}

/**
 * Returns the reason why a text is not a secret, as the end of a sentence that begins with `it`. A program has written
 * this text because a value was missing. Returns undefined for any other text.
 *
 * @param names the names of the variable that should contain the secret
 */
export function whyMissing(text: string, names: readonly string[]): string | undefined {
  const bare = text.trim().replace(/^(["'])(.*)\1$/s, "$2");
  if (bare.trim() === "") return "is empty";
  // The text is not repeated, because no message is allowed to contain the value of a secret.
  if (isOnlyReference(bare)) return "is only a reference to a variable, which nothing expands";
  if (names.includes(bare)) return "is the name of a variable, and not its value";
  return NOTHING.has(bare) ? "is a word that programs print for a missing value" : undefined;
}

/** The texts that `jq -r`, `vault`, Go templates, Python and JavaScript print for a missing value. */
const NOTHING: ReadonlySet<string> = new Set(["null", "undefined", "None", "nil", "<nil>", "<no value>"]);
