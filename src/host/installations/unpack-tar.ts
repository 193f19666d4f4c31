import { closeSync, createReadStream, openSync, writeSync } from "node:fs";
import { createGunzip } from "node:zlib";
import { MusterError } from "../../base/errors.ts";
import { type UnpackFolder, unpackFolder } from "./unpack-path.ts";

const BLOCK = 512;

/** The maximum size of an extended header, which contains only names and numbers. */
const MOST_HEADER = 1024 * 1024;

interface Entry {
  readonly name: string;
  readonly type: string;
  readonly mode: number;
  readonly size: number;
  readonly link: string;
}

/**
 * Unpacks a gzipped tar archive (POSIX ustar and pax, and GNU's long names) into a folder. Refuses hard links, devices,
 * paths with `..`, and links that lead out of the folder.
 *
 * @param strip the number of folders to remove at the start of each path
 * @throws MusterError if the archive is damaged or refused
 */
export async function unpackTar(archive: string, to: string, strip: number, name: string): Promise<void> {
  const folder = unpackFolder(to, name);
  const damaged = (why: string) => new MusterError({ what: `${name} was not unpacked`, why });
  const source = createReadStream(archive);
  const bytes = byteReader(source.pipe(createGunzip()).on("error", () => source.destroy()));
  try {
    let extra: Partial<Record<"path" | "linkpath" | "size", string>> = {};
    for (;;) {
      const header = await bytes.take(BLOCK);
      if (header === undefined) throw damaged("it ends too early.");
      if (header.every((byte) => byte === 0)) return;
      if (!isHeader(header)) throw damaged("it is damaged.");
      const entry = entryOf(header, extra);
      if ("xgLK".includes(entry.type)) {
        if (entry.size > MOST_HEADER) throw damaged("it has a header of more than 1 MB.");
        const body = await bytes.take(padded(entry.size));
        if (body === undefined) throw damaged("it ends too early.");
        extra = { ...extra, ...extended(entry.type, body.subarray(0, entry.size)) };
        continue;
      }
      extra = {};
      if (!(await unpackEntry(entry, strip, bytes, folder, damaged))) throw damaged("it ends too early.");
    }
  } catch (error) {
    if (error instanceof MusterError) throw error;
    throw damaged(`it cannot be read: ${error instanceof Error ? error.message : String(error)}.`);
  } finally {
    source.destroy();
  }
}

async function unpackEntry(
  entry: Entry,
  strip: number,
  bytes: ByteReader,
  folder: UnpackFolder,
  damaged: (why: string) => Error,
): Promise<boolean> {
  const { type, size, mode, link } = entry;
  const parts = entry.name.split("/").filter((part) => part !== "" && part !== ".");
  const name = `${entry.name.startsWith("/") ? "/" : ""}${parts.slice(strip).join("/")}`;
  if (parts.slice(0, strip).includes(".."))
    throw damaged(`it contains the path ${JSON.stringify(entry.name)}.`);
  if (parts.length <= strip && type === "5") return true;
  if (type === "5") folder.makeFolder(name);
  else if (type === "2") folder.makeLink(name, link);
  else if (type === "0") return writeFile(folder, name, mode, size, bytes);
  else throw damaged(`it contains ${JSON.stringify(entry.name)}, which is neither a file nor a folder.`);
  return true;
}

/** @returns false if the archive ends too early */
async function writeFile(
  folder: UnpackFolder,
  name: string,
  mode: number,
  size: number,
  bytes: ByteReader,
): Promise<boolean> {
  folder.count(size);
  const fd = openSync(folder.place(name), "wx", (mode & 0o111) === 0 ? 0o644 : 0o755);
  try {
    for (let left = size; left > 0; ) {
      const part = await bytes.some(left);
      if (part === undefined) return false;
      for (let at = 0; at < part.length; ) at += writeSync(fd, part, at);
      left -= part.length;
    }
  } finally {
    closeSync(fd);
  }
  const padding = padded(size) - size;
  return padding === 0 || (await bytes.take(padding)) !== undefined;
}

function padded(size: number): number {
  return Math.ceil(size / BLOCK) * BLOCK;
}

/**
 * Checks the checksum of a header. The checksum is the sum of the header's bytes, with spaces instead of the checksum
 * itself.
 */
function isHeader(header: Buffer): boolean {
  const sum = header.reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 32 : byte), 0);
  return numberAt(header, 148, 8) === sum;
}

function entryOf(header: Buffer, extra: Readonly<Record<string, string | undefined>>): Entry {
  const isUstar = header.toString("latin1", 257, 262) === "ustar";
  const prefix = isUstar && header[263] !== 0x20 ? textAt(header, 345, 155) : "";
  const short = [prefix, textAt(header, 0, 100)].filter((part) => part !== "").join("/");
  const type = String.fromCharCode(header[156] ?? 0);
  const size = extra["size"] === undefined ? numberAt(header, 124, 12) : Number(extra["size"]);
  if (!Number.isSafeInteger(size) || size < 0) throw new Error("a size is invalid");
  return {
    name: extra["path"] ?? short,
    type: type === "\0" || type === "7" ? "0" : type,
    mode: numberAt(header, 100, 8),
    size,
    link: extra["linkpath"] ?? textAt(header, 157, 100),
  };
}

function textAt(header: Buffer, start: number, length: number): string {
  const field = header.subarray(start, start + length);
  const end = field.indexOf(0);
  return field.toString("utf8", 0, end === -1 ? length : end);
}

/** Reads an octal number, or a large number in GNU's binary form, in which the first bit is set. */
function numberAt(header: Buffer, start: number, length: number): number {
  if (((header[start] ?? 0) & 0x80) !== 0) return Number(header.readBigUInt64BE(start + length - 8));
  const digits = textAt(header, start, length).trim();
  return digits === "" ? 0 : Number.parseInt(digits, 8);
}

/**
 * Returns the fields of a header that precedes an entry. Ignores a global header (`g`), because such a header sets no
 * field that is used here.
 */
function extended(type: string, body: Buffer): Partial<Record<"path" | "linkpath" | "size", string>> {
  const text = () => body.toString("utf8").replace(/\0+$/, "");
  if (type === "L") return { path: text() };
  if (type === "K") return { linkpath: text() };
  if (type === "g") return {};
  const fields: Record<string, string> = {};
  for (let at = 0; at < body.length; ) {
    const space = body.indexOf(0x20, at);
    const length = Number(body.toString("latin1", at, space));
    if (space === -1 || !(length > 0)) throw new Error("an extended header is invalid");
    const [key = "", ...value] = body.toString("utf8", space + 1, at + length - 1).split("=");
    if (["path", "linkpath", "size"].includes(key)) fields[key] = value.join("=");
    at += length;
  }
  return fields;
}

interface ByteReader {
  /** Returns exactly `length` bytes; undefined if the stream ends first. */
  take(length: number): Promise<Buffer | undefined>;
  /** Returns 1 to `most` bytes; undefined at the end of the stream. */
  some(most: number): Promise<Buffer | undefined>;
}

function byteReader(stream: AsyncIterable<Buffer>): ByteReader {
  const parts = stream[Symbol.asyncIterator]();
  let rest: Buffer = Buffer.alloc(0);
  const some = async (most: number): Promise<Buffer | undefined> => {
    while (rest.length === 0) {
      const { done, value } = await parts.next();
      if (done) return undefined;
      rest = value;
    }
    const part = rest.subarray(0, most);
    rest = rest.subarray(most);
    return part;
  };
  return {
    some,
    take: async (length) => {
      const gathered: Buffer[] = [];
      for (let left = length; left > 0; ) {
        const part = await some(left);
        if (part === undefined) return undefined;
        gathered.push(part);
        left -= part.length;
      }
      return Buffer.concat(gathered);
    },
  };
}
