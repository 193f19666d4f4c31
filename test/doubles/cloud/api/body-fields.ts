import { existing, type Visibility } from "../data.ts";
import { unprocessable } from "../error.ts";

type Body = Readonly<Record<string, unknown>>;

/** @returns undefined for a missing or empty text */
export function text(body: Body, name: string): string | undefined {
  const value = body[name];
  if (value === undefined || value === null || value === "") return undefined;
  if (typeof value !== "string") throw unprocessable(`${name} must be a string`);
  return value;
}

export function requiredText(body: Body, name: string, words = `${name} is required`): string {
  const value = text(body, name);
  if (value === undefined) throw unprocessable(words);
  return value;
}

export function flag(body: Body, name: string): boolean {
  return body[name] === true;
}

export function texts(body: Body, name: string): string[] {
  return array(body, name).map(String);
}

export function numbers(body: Body, name: string): number[] {
  return array(body, name).map(Number);
}

export function array(body: Body, name: string): unknown[] {
  const value = body[name] ?? [];
  if (!Array.isArray(value)) throw unprocessable(`${name} must be an array`);
  return value;
}

const TAG = /^[a-zA-Z0-9:\-_]{1,255}$/;

/**
 * Returns the tags of an object, and creates the tags that do not exist yet. A tag keeps the spelling of its first use.
 */
export function createTags(known: string[], wanted: readonly string[]): string[] {
  for (const tag of wanted) {
    if (!TAG.test(tag)) {
      throw unprocessable(
        "Tags may contain letters, numbers, colons, dashes, and underscores; there is a limit of 255 characters per tag",
      );
    }
    if (canonicalTag(known, tag) === undefined) known.push(tag);
  }
  return wanted.map((tag) => canonicalTag(known, tag) ?? tag);
}

/** Finds an existing tag. Ignores upper and lower case. */
export function canonicalTag(known: readonly string[], tag: string): string | undefined {
  return known.find((one) => one.toLowerCase() === tag.toLowerCase());
}

/** Returns whether an existing object has the name. */
export function isTaken(objects: readonly (Visibility & { readonly name: string })[], name: string): boolean {
  return existing(objects).some((object) => object.name === name);
}
