import { posix } from "node:path";
import type { Directive } from "./unit-text-refusal.ts";

/** Rules for the directives in a tenant's units. */

export const free: Directive = { test: (value) => value.length < 1000 };

export function exactly(only: string): Directive {
  return { test: (value) => value === only, only };
}

export function needed(only: string): Directive {
  return { ...exactly(only), needed: true };
}

export function oneOf(pattern: RegExp): Directive {
  return { test: (value) => pattern.test(value) };
}

/**
 * Whether a value is an absolute, normalized path without any of systemd's prefixes or specifiers. `%%` is an
 * escaped percent sign; any other `%` starts a specifier.
 */
export function isPlainPath(value: string): boolean {
  const path = value.replaceAll("%%", "");
  return path.startsWith("/") && !path.includes("%") && posix.normalize(value) === value;
}

/**
 * Whether a value is a single quoted assignment, `"NAME=value"`. Any variable is allowed, because the program has only
 * the agent's rights.
 */
export function isAssignment(value: string): boolean {
  return /^"[A-Za-z_]\w*=(?:[^"\\]|\\.)*"$/.test(value);
}

/**
 * Matches a program's arguments, as plain or quoted words. An unquoted `;` does not match, because it would
 * begin another command.
 */
export const WORDS = /^(?: (?:[\w@%+=:,./$-]+|"(?:[^"\\]|\\.)*"))+$/;
