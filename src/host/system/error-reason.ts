import { getSystemErrorMessage } from "node:util";
import { MusterError } from "../../base/errors.ts";

/** Returns the reason for an error, in a form for people: without a stack trace or descriptor paths. */
export function reasonOf(error: unknown): string {
  if (error instanceof MusterError) return error.why;
  const { errno, code, message } = error as NodeJS.ErrnoException;
  if (typeof errno === "number" && errno < 0) return `${getSystemErrorMessage(errno)} (${code})`;
  return message ?? String(error);
}

export function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return codes.includes((error as NodeJS.ErrnoException).code ?? "");
}

/** Blocks the process for a time. Blocking is acceptable, because requests are handled one after another. */
export function pause(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}
