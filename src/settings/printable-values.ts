import { loginIn } from "../model/detect-logins.ts";
import { isTree, type Path, TomlDate, type Value } from "./values.ts";

/** The words that mark a key as secret if they occur in the name of the key. */
const SECRET_WORDS =
  /^(api)?(key|token|secret|password|passwd|passphrase|pwd|auth|authorization|credentials?|bearer|cookie|webhook|dsn)$/i;

/** Matches an address that contains a login. */
const LOGIN_IN_ADDRESS = /:\/\/[^\s/@]*:[^\s/@]+@/;

/** Formats the keys that lead to a value: `model.default`, or `projects."/home/iris".trust`. */
export function pathText(path: Path): string {
  return path.map((key) => (/^[\w-]+$/.test(key) ? key : JSON.stringify(key))).join(".");
}

/** Formats a value on one line. */
export function valueText(value: Value): string {
  return typeof value === "string" ? value : compact(value);
}

function compact(value: Value): string {
  if (isTree(value)) return `{${[...value].map(([key, one]) => `${key}: ${compact(one)}`).join(", ")}}`;
  if (Array.isArray(value)) return `[${value.map(compact).join(", ")}]`;
  if (value instanceof TomlDate) return value.text;
  return typeof value === "string" ? JSON.stringify(value) : `${value as number | bigint | boolean | null}`;
}

/**
 * Whether a value may be or contain a secret, judged by the names of its keys and by its form. Such a value is not
 * shown.
 */
export function mayBeSecret(path: Path, value: Value): boolean {
  return path.some(namesSecret) || containsSecret(value);
}

function containsSecret(value: Value): boolean {
  if (typeof value === "string") return loginIn("", value) !== undefined || LOGIN_IN_ADDRESS.test(value);
  if (isTree(value)) return [...value].some(([key, one]) => namesSecret(`${key}`) || containsSecret(one));
  return Array.isArray(value) && value.some(containsSecret);
}

/** Whether a name, such as `API_KEY` or `apiKey`, contains a word for secrets. */
function namesSecret(name: string): boolean {
  const words = name.replaceAll(/([a-z0-9])([A-Z])/g, "$1 $2").split(/[^A-Za-z0-9]+/);
  return words.some((word) => SECRET_WORDS.test(word));
}
