import type { Texts } from "./runtime.ts";

/**
 * The files that OpenClaw reads in its workspace and that tell who an agent is, in the order in which one reads them;
 * Hermes reads three of them. SOUL.md is the one that every identity has.
 */
export const IDENTITY_FILES = ["SOUL.md", "IDENTITY.md", "USER.md", "AGENTS.md", "TOOLS.md", "MEMORY.md"];

/** For a runtime that reads one file: those of the set that are declared, one after another. */
export function joinedIn(path: string): (files: Texts) => Texts {
  return (files) => {
    const texts = IDENTITY_FILES.flatMap((name) => files[name] ?? []);
    return { [path]: texts.map((text) => `${text.trimEnd()}\n`).join("\n") };
  };
}

/** For a runtime that reads some of them each at a place of its own. */
export function placedAs(places: Readonly<Record<string, string>>): (files: Texts) => Texts {
  return (files) =>
    Object.fromEntries(
      Object.entries(places).flatMap(([name, path]) => {
        const text = files[name];
        return text === undefined ? [] : [[path, text]];
      }),
    );
}
