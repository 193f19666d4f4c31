import { closeSync, fstatSync, openSync, readSync, writeFileSync } from "node:fs";
import { crc32, inflateRawSync } from "node:zlib";
import { MusterError } from "../../base/errors.ts";
import { unpackFolder } from "./unpack-path.ts";

/** The maximum number of bytes of one file in a wheel. A file is unpacked in memory. */
const MOST_BYTES = 1024 ** 3;

const END = 0x06054b50;
const CENTRAL = 0x02014b50;
const LOCAL = 0x04034b50;

interface Entry {
  readonly name: string;
  readonly method: number;
  readonly packed: number;
  readonly size: number;
  readonly offset: number;
  readonly crc: number;
  /** The mode of the file on Unix, or 0 if the archive does not contain the mode. */
  readonly mode: number;
}

/**
 * Unpacks a wheel, which is a zip archive, into the folder `site-packages`. From the folder `*.data`, it unpacks only
 * `purelib` and `platlib`, because the launcher replaces scripts and programs need no headers.
 *
 * @throws MusterError if the archive is damaged or refused
 */
export function unpackWheel(archive: string, to: string, name: string): void {
  const folder = unpackFolder(to, name);
  const fd = openSync(archive, "r");
  try {
    for (const entry of entriesOf(fd)) {
      const path = installedPath(entry.name);
      if (path === undefined) continue;
      if (entry.name.endsWith("/")) {
        folder.makeFolder(path);
        continue;
      }
      folder.count(entry.size);
      writeFileSync(folder.place(path), bytesOf(fd, entry), {
        mode: (entry.mode & 0o111) === 0 ? 0o644 : 0o755,
        flag: "wx",
      });
    }
  } catch (error) {
    if (error instanceof MusterError) throw error;
    const why = `it is damaged: ${error instanceof Error ? error.message : String(error)}.`;
    throw new MusterError({ what: `${name} was not unpacked`, why });
  } finally {
    closeSync(fd);
  }
}

function installedPath(name: string): string | undefined {
  const data = /^[^/]+\.data\/([^/]+)\/(.+)$/s.exec(name);
  if (data === null) return name;
  return data[1] === "purelib" || data[1] === "platlib" ? data[2] : undefined;
}

/** Reads the list of files at the end of the archive. */
function entriesOf(fd: number): Entry[] {
  const { size } = fstatSync(fd);
  const tail = read(fd, Math.max(0, size - 65_557), Math.min(size, 65_557));
  const at = tail.lastIndexOf(Buffer.from([0x50, 0x4b, 5, 6]));
  if (at === -1 || tail.readUInt32LE(at) !== END) throw new Error("its list of files is missing");
  const [count, length, start] = [
    tail.readUInt16LE(at + 10),
    tail.readUInt32LE(at + 12),
    tail.readUInt32LE(at + 16),
  ];
  if (count === 0xffff || start + length > size) throw new Error("its list of files is invalid");
  const list = read(fd, start, length);
  const entries: Entry[] = [];
  for (let pos = 0; entries.length < count; ) {
    if (list.readUInt32LE(pos) !== CENTRAL) throw new Error("its list of files is invalid");
    const nameLength = list.readUInt16LE(pos + 28);
    entries.push({
      method: list.readUInt16LE(pos + 10),
      crc: list.readUInt32LE(pos + 16),
      mode: list.readUInt32LE(pos + 38) >>> 16,
      packed: list.readUInt32LE(pos + 20),
      size: list.readUInt32LE(pos + 24),
      offset: list.readUInt32LE(pos + 42),
      name: list.toString("utf8", pos + 46, pos + 46 + nameLength),
    });
    pos += 46 + nameLength + list.readUInt16LE(pos + 30) + list.readUInt16LE(pos + 32);
  }
  return entries;
}

function bytesOf(fd: number, { method, packed, size, offset, name, crc }: Entry): Buffer {
  if (size > MOST_BYTES) throw new Error(`${name} is larger than 1 GB`);
  const header = read(fd, offset, 30);
  if (header.readUInt32LE(0) !== LOCAL) throw new Error(`${name} is missing`);
  const start = offset + 30 + header.readUInt16LE(26) + header.readUInt16LE(28);
  const body = read(fd, start, packed);
  if (method !== 0 && method !== 8) throw new Error(`${name} is packed in an unknown way`);
  const bytes = method === 0 ? body : inflateRawSync(body, { maxOutputLength: size + 1 });
  if (bytes.length !== size || crc32(bytes) !== crc) throw new Error(`${name} is corrupt`);
  return bytes;
}

function read(fd: number, start: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let at = 0; at < length; ) {
    const got = readSync(fd, bytes, at, length - at, start + at);
    if (got === 0) throw new Error("it ends too early");
    at += got;
  }
  return bytes;
}
