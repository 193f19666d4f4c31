import { readFileSync } from "node:fs";
import { namesAt, orNothing } from "../system/read-or-nothing.ts";

/**
 * The folders in which packages install units. On a system with a merged /usr, the second folder is a link to the first
 * folder.
 */
const PACKAGED = ["/usr/lib/systemd/system", "/lib/systemd/system"];

/** The other folders from which systemd loads units and drop-ins; see systemd.unit(5). */
const OTHERS = [
  ...["system.control", "system.attached", "system"].map((name) => `/etc/systemd/${name}`),
  ...["system.control", "transient", "generator.early", "system", "system.attached"].map(
    (name) => `/run/systemd/${name}`,
  ),
  ...["generator", "generator.late"].map((name) => `/run/systemd/${name}`),
  "/usr/local/lib/systemd/system",
];

/** Reads the file of a unit. @returns undefined if anything except the file of a package can define the unit */
export type ReadPackagedUnit = (unit: string) => string | undefined;

/**
 * Reads the names in all folders of units once. systemd takes more than a millisecond to report one unit. For most
 * units of a host, the file of the package already shows that the unit does not run as an agent's user.
 */
export function packagedUnitReader(packaged = PACKAGED, others = OTHERS): ReadPackagedUnit {
  const elsewhere = new Set(others.flatMap(namesAt));
  const dropIns = new Set([...elsewhere, ...packaged.flatMap(namesAt)].filter((name) => name.endsWith(".d")));
  return (unit) => {
    const files = [unit, unit.replace(/@.*(?=\.)/, "@")];
    const isPlain = !files.some(
      (file) => elsewhere.has(file) || dropInNames(file).some((name) => dropIns.has(name)),
    );
    if (!isPlain) return undefined;
    const paths = files.flatMap((file) => packaged.map((folder) => `${folder}/${file}`));
    for (const path of paths) {
      const text = orNothing(() => readFileSync(path, "utf8"));
      if (text !== undefined) return text;
    }
    return undefined;
  };
}

/** Returns the folders of drop-ins for a file: `a-b.service.d`, `a-.service.d` and `service.d`. */
function dropInNames(file: string): string[] {
  const dot = file.lastIndexOf(".");
  const [name, type] = [file.slice(0, dot), file.slice(dot + 1)];
  const prefixes = [...name.matchAll(/-(?=.)/g)].map(({ index }) => `${name.slice(0, index + 1)}.${type}.d`);
  return [`${file}.d`, ...prefixes, `${type}.d`];
}
