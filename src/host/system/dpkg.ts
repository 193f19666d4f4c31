import { readFileSync } from "node:fs";
import { listFolder, readTextIfPresent } from "./read-if-present.ts";

/**
 * The packages that dpkg has installed. Its own files are read instead of running dpkg-query, which would cost a tenth
 * of an observation: stanzas of `Package:` and `Status:`, and newer ones in a journal of numbered files (deb822(5),
 * dpkg(1) FILES).
 *
 * @param dir dpkg's folder
 * @param names those that are asked about
 */
export function installedAmong(dir: string, names: readonly string[]): ReadonlySet<string> {
  const stanzas = [readFileSync(`${dir}/status`, "utf8"), ...journal(`${dir}/updates`)].map(
    (text) => `\n${text}`,
  );
  return new Set(
    names.filter((name) => stanzas.flatMap((text) => stateIn(text, name)).at(-1) === "installed"),
  );
}

/** What a text says of a package, where it does; of one for several architectures the best. */
function stateIn(text: string, name: string): string[] {
  const states: string[] = [];
  const head = `\nPackage: ${name}\n`;
  for (let at = text.indexOf(head); at >= 0; at = text.indexOf(head, at + 1)) {
    const end = text.indexOf("\n\n", at + 1);
    const stanza = text.slice(at, end < 0 ? undefined : end);
    states.push(/^Status: \S+ \S+ (\S+)$/m.exec(stanza)?.[1] ?? "");
  }
  return states.includes("installed") ? ["installed"] : states.slice(0, 1);
}

function journal(dir: string): string[] {
  const numbered = listFolder(dir).filter((name) => /^\d+$/.test(name));
  // dpkg deletes a journal file once it has merged it.
  return numbered.sort().flatMap((name) => readTextIfPresent(`${dir}/${name}`) ?? []);
}
