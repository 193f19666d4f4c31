import { posix } from "node:path";
import type { Directive } from "./unit-parser.ts";

/** What directives of a tenant's units may be. */

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

/** Absolute and plain, and so without a prefix that systemd reads; `%%` is a percent sign, any other a specifier. */
export function isPlainPath(value: string): boolean {
  const path = value.replaceAll("%%", "");
  return path.startsWith("/") && !path.includes("%") && posix.normalize(value) === value;
}

/** One `"NAME=value"`: systemd sets it for a program that has the agent's rights alone. */
export function isAssignment(value: string): boolean {
  return /^"[A-Za-z_]\w*=(?:[^"\\]|\\.)*"$/.test(value);
}

/** A program and its arguments, each a word: none beside it that is not quoted, as `;` would be, which begins another command. */
export const WORDS = /^(?: (?:[\w@%+=:,./$-]+|"(?:[^"\\]|\\.)*"))+$/;
