import { readFileSync } from "node:fs";
import { listFolder, readTextIfPresent } from "./read-if-present.ts";

/**
 * Returns which of the named packages dpkg has installed. Reads dpkg's own files, because dpkg-query would take a tenth
 * of an observation's time. These files contain stanzas with `Package:` and `Status:`; newer stanzas are in numbered
 * journal files. See deb822(5), and FILES in dpkg(1).
 *
 * @param dir dpkg's folder
 * @param names the packages to check
 */
export function installedAmong(dir: string, names: readonly string[]): ReadonlySet<string> {
  const stanzas = [readFileSync(`${dir}/status`, "utf8"), ...journal(`${dir}/updates`)].map(
    (text) => `\n${text}`,
  );
  return new Set(
    names.filter((name) => stanzas.flatMap((text) => stateIn(text, name)).at(-1) === "installed"),
  );
}

/**
 * Returns a package's state, or nothing if the text does not contain the package. If the text lists several
 * architectures of the package, an installed architecture takes precedence.
 */
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
  // The journal file can be missing, because dpkg deletes it after merging it into `status`.
  return numbered.sort().flatMap((name) => readTextIfPresent(`${dir}/${name}`) ?? []);
}
