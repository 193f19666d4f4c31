/** One entry of an archive. */
export interface Entry {
  readonly path: string;
  readonly type: "file" | "directory";
  readonly owner: string;
  readonly group: string;
  /** The mode as four octal digits. */
  readonly mode: string;
  readonly text?: string;
}

const BLOCK = 512;

/**
 * Creates a tar archive (ustar) with owners by name, so that each host uses its own IDs. The tar program on this
 * machine cannot create such an archive, because this machine does not have these users.
 */
export function archive(entries: readonly Entry[]): Buffer {
  const blocks = entries.flatMap((entry) => {
    const text = Buffer.from(entry.text ?? "");
    return [header(entry, text.length), text, Buffer.alloc(-text.length & (BLOCK - 1))];
  });
  return Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK)]);
}

/** Returns the header of an entry, with the fields of tar(5). The checksum is computed with spaces in its own field. */
function header({ path, type, owner, group, mode }: Entry, size: number): Buffer {
  const block = Buffer.alloc(BLOCK);
  const name = path.slice(1) + (type === "directory" ? "/" : "");
  if (Buffer.byteLength(name) > 100) throw new Error(`${path} is too long for a name in an archive`);
  const number = (value: number, digits: number) => value.toString(8).padStart(digits, "0");
  block.write(name, 0);
  block.write(`000${mode}\0`, 100);
  block.write(`${number(0, 7)}\0${number(0, 7)}\0`, 108);
  block.write(`${number(size, 11)}\0${number(Math.floor(Date.now() / 1000), 11)}\0`, 124);
  block.write(type === "directory" ? "5" : "0", 156);
  block.write("ustar\x0000", 257);
  block.write(owner, 265);
  block.write(group, 297);
  block.write(" ".repeat(8), 148);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${number(sum, 6)}\0 `, 148);
  return block;
}
