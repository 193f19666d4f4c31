import type { Texts } from "./runtime.ts";

/**
 * The files of an agent's identity, in reading order. Their names are the same as in an OpenClaw workspace.
 * Every identity has SOUL.md. Hermes reads three of these files.
 */
export const IDENTITY_FILES = ["SOUL.md", "IDENTITY.md", "USER.md", "AGENTS.md", "TOOLS.md", "MEMORY.md"];

/**
 * Returns a function that joins the declared identity files into one file at `path`, for a runtime that reads a single
 * file.
 */
export function joinedIn(path: string): (files: Texts) => Texts {
  return (files) => {
    const texts = IDENTITY_FILES.flatMap((name) => files[name] ?? []);
    return { [path]: texts.map((text) => `${text.trimEnd()}\n`).join("\n") };
  };
}

/**
 * Returns a function that copies each identity file in `places` to its path in `places`, for a runtime that reads
 * several files.
 */
export function placedAs(places: Readonly<Record<string, string>>): (files: Texts) => Texts {
  return (files) =>
    Object.fromEntries(
      Object.entries(places).flatMap(([name, path]) => {
        const text = files[name];
        return text === undefined ? [] : [[path, text]];
      }),
    );
}
