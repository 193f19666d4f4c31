import { closeSync, constants, openSync, readSync } from "node:fs";

/** The program that the kernel starts in order to run a file. */
export type Interpreter =
  /** A program with this path, as in `#!/bin/sh`. */
  | { readonly path: string }
  /** A program with this name in PATH, as in `#!/usr/bin/env node`. */
  | { readonly path: string; readonly name: string }
  /** The first line ends in a carriage return, so the kernel looks for a program with that name. */
  | { readonly carriageReturn: true };

/** The maximum length of a first line that the kernel reads; see execve(2). */
const FIRST_LINE = 256;

/**
 * Reads which interpreter a file needs: the interpreter in the first line if the file is a script, or the dynamic
 * loader if the file is a program for a 64-bit little-endian machine.
 *
 * @returns undefined if the file needs no interpreter, or if this process is not allowed to read the file
 */
export function interpreterOf(file: string): Interpreter | undefined {
  let fd: number;
  try {
    fd = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch {
    return undefined;
  }
  try {
    const start = bytesAt(fd, 0, FIRST_LINE);
    return start.toString("latin1").startsWith("#!") ? ofScript(start.toString("utf8")) : ofElf(fd, start);
  } finally {
    closeSync(fd);
  }
}

function ofScript(start: string): Interpreter | undefined {
  const [line = ""] = start.slice(2).split("\n");
  if (line.endsWith("\r")) return { carriageReturn: true };
  const [path = "", ...words] = line.trim().split(/[ \t]+/);
  if (path === "") return undefined;
  const name = words.find((word) => !/^-|=/.test(word));
  return path.endsWith("/env") && name !== undefined ? { path, name } : { path };
}

/** Finds the segment PT_INTERP; see elf(5). */
function ofElf(fd: number, header: Buffer): Interpreter | undefined {
  const isSupported =
    header.length >= 64 && header.subarray(0, 6).equals(Buffer.from("\x7fELF\x02\x01", "latin1"));
  if (!isSupported) return undefined;
  const [table, size, count] = [header.readBigUInt64LE(32), header.readUInt16LE(54), header.readUInt16LE(56)];
  for (let i = 0; i < count; i += 1) {
    const segment = bytesAt(fd, Number(table) + i * size, 40);
    if (segment.length < 40 || segment.readUInt32LE(0) !== 3) continue;
    const path = bytesAt(
      fd,
      Number(segment.readBigUInt64LE(8)),
      Math.min(4096, Number(segment.readBigUInt64LE(32))),
    );
    return { path: path.toString("utf8").replace(/\0.*$/s, "") };
  }
  return undefined;
}

function bytesAt(fd: number, position: number, length: number): Buffer {
  const buffer = Buffer.alloc(length);
  return buffer.subarray(0, readSync(fd, buffer, 0, length, position));
}
