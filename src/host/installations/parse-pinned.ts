import { MusterError } from "../../base/errors.ts";
import { type Archive, CPUS, type Pinned, SOURCES } from "../../model/installation.ts";

const WORD = /^[A-Za-z0-9_][A-Za-z0-9._+-]*$/;
const INTEGRITY = /^(sha512|sha256)-[A-Za-z0-9+/]+=*$/;

/**
 * Reads a pinned version that a client has sent. Its names become paths, so each name is checked.
 *
 * @throws MusterError if the version is invalid
 */
export function parsePinned(name: string, text: string): Pinned {
  const pinned = JSON.parse(text) as Partial<Pinned>;
  const { from, version = "", program = "", file = "", interpreter, archives = [], unwanted = [] } = pinned;
  const files = typeof file === "string" ? [file] : Object.values(file);
  const isSound =
    SOURCES.some((source) => source === from) &&
    [name, version, program].every((word) => WORD.test(word)) &&
    (interpreter === "python" || (files.length > 0 && files.every(isPathInside))) &&
    archives.length > 0 &&
    archives.every(isArchive) &&
    unwanted.every(isPathInside);
  if (isSound) return pinned as Pinned;
  throw new MusterError({
    what: `the runtime ${JSON.stringify(name)}`,
    why: "its pinned version is invalid",
  });
}

function isArchive({ name, version, integrity, folder, cpu }: Partial<Archive>): boolean {
  return (
    typeof name === "string" &&
    typeof version === "string" &&
    INTEGRITY.test(integrity ?? "") &&
    (folder === "." || isPathInside(folder ?? "")) &&
    (cpu === undefined || cpu.every((one) => CPUS.includes(one)))
  );
}

/** Whether a relative path does not lead out of its folder. */
export function isPathInside(path: string): boolean {
  const parts = path.split("/");
  return !/[\0\\\n]/.test(path) && parts.every((part) => part !== "" && part !== "." && part !== "..");
}
