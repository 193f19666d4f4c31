import type { Texts } from "./runtime.ts";

/**
 * The files in an OpenClaw workspace that say who an agent is, in reading order. Hermes reads three of them. Every
 * identity has SOUL.md.
 */
export const IDENTITY_FILES = ["SOUL.md", "IDENTITY.md", "USER.md", "AGENTS.md", "TOOLS.md", "MEMORY.md"];

/** For a runtime that reads one file: the declared files of the set, joined. */
export function joinedIn(path: string): (files: Texts) => Texts {
  return (files) => {
    const texts = IDENTITY_FILES.flatMap((name) => files[name] ?? []);
    return { [path]: texts.map((text) => `${text.trimEnd()}\n`).join("\n") };
  };
}

/** For a runtime that reads some of the files at places of its own. */
export function placedAs(places: Readonly<Record<string, string>>): (files: Texts) => Texts {
  return (files) =>
    Object.fromEntries(
      Object.entries(places).flatMap(([name, path]) => {
        const text = files[name];
        return text === undefined ? [] : [[path, text]];
      }),
    );
}
