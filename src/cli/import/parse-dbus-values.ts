/** A value in a D-Bus reply. */
export type BusValue = string | number | boolean | BusValue[] | { readonly [key: string]: BusValue };

interface Cursor {
  readonly bytes: Buffer;
  at: number;
}

/**
 * Reads the properties in the body of a GetAll reply. The body is an `a{sv}` value in the wire format of D-Bus.
 *
 * @throws RangeError if the body is truncated or has an unknown type
 */
export function propertiesIn(bytes: Buffer): Readonly<Record<string, BusValue>> {
  return valueAt({ bytes, at: 0 }, "a{sv}") as Record<string, BusValue>;
}

const ALIGNMENT: Readonly<Record<string, number>> = {
  y: 1,
  g: 1,
  v: 1,
  n: 2,
  q: 2,
  x: 8,
  t: 8,
  d: 8,
  "(": 8,
  "{": 8,
};

function valueAt(cursor: Cursor, type: string): BusValue {
  const size = ALIGNMENT[type[0] ?? ""] ?? 4;
  cursor.at = Math.ceil(cursor.at / size) * size;
  if (type.startsWith("a")) return arrayAt(cursor, type.slice(1));
  if (type.startsWith("(")) return typesIn(type.slice(1, -1)).map((one) => valueAt(cursor, one));
  return plainAt(cursor, type);
}

function arrayAt(cursor: Cursor, type: string): BusValue {
  const length = cursor.bytes.readUInt32LE(take(cursor, 4));
  const size = ALIGNMENT[type[0] ?? ""] ?? 4;
  cursor.at = Math.ceil(cursor.at / size) * size;
  const end = cursor.at + length;
  const items: BusValue[] = [];
  while (cursor.at < end) items.push(type.startsWith("{") ? entryAt(cursor, type) : valueAt(cursor, type));
  return type.startsWith("{") ? (Object.fromEntries(items as [string, BusValue][]) as BusValue) : items;
}

function entryAt(cursor: Cursor, type: string): BusValue {
  cursor.at = Math.ceil(cursor.at / 8) * 8;
  return typesIn(type.slice(1, -1)).map((one) => valueAt(cursor, one));
}

function plainAt(cursor: Cursor, type: string): BusValue {
  const { bytes } = cursor;
  if (type === "s" || type === "o") return textAt(cursor, bytes.readUInt32LE(take(cursor, 4)));
  if (type === "g") return textAt(cursor, bytes.readUInt8(take(cursor, 1)));
  if (type === "v") return valueAt(cursor, textAt(cursor, bytes.readUInt8(take(cursor, 1))));
  if (type === "b") return bytes.readUInt32LE(take(cursor, 4)) === 1;
  if (type === "y") return bytes.readUInt8(take(cursor, 1));
  if (type === "n" || type === "q") return bytes.readUInt16LE(take(cursor, 2));
  if (type === "i") return bytes.readInt32LE(take(cursor, 4));
  if (type === "u" || type === "h") return bytes.readUInt32LE(take(cursor, 4));
  if (type === "x") return Number(bytes.readBigInt64LE(take(cursor, 8)));
  if (type === "t") return Number(bytes.readBigUInt64LE(take(cursor, 8)));
  if (type === "d") return bytes.readDoubleLE(take(cursor, 8));
  throw new RangeError(`the D-Bus type ${type} is unknown`);
}

function take(cursor: Cursor, size: number): number {
  cursor.at += size;
  return cursor.at - size;
}

/** Reads a text of the given length, and skips the NUL after the text. */
function textAt(cursor: Cursor, length: number): string {
  if (cursor.at + length > cursor.bytes.length) throw new RangeError("the answer is truncated");
  const start = take(cursor, length + 1);
  return cursor.bytes.toString("utf8", start, start + length);
}

/** Splits a signature into its complete types. */
function typesIn(signature: string): string[] {
  const types: string[] = [];
  let at = 0;
  while (at < signature.length) {
    const start = at;
    while (signature[at] === "a") at++;
    let depth = 0;
    do {
      depth += "({".includes(signature[at] ?? "x") ? 1 : ")}".includes(signature[at] ?? "x") ? -1 : 0;
      at++;
    } while (depth > 0 && at < signature.length);
    types.push(signature.slice(start, at));
  }
  return types;
}
