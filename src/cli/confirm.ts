import { createInterface } from "node:readline/promises";
import { InvalidError } from "../base/errors.ts";

/**
 * Asks a person at the terminal for confirmation. Only the answers "y" and "yes" confirm.
 *
 * @throws InvalidError if stdin is not a terminal
 */
export async function confirm(question: string): Promise<boolean> {
  if (!process.stdin.isTTY) {
    throw new InvalidError({
      what: "nothing was done",
      why: "this command asks for confirmation, and stdin is not a terminal.",
      next: "Add `--yes`.",
    });
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await terminal.question(`${question} (y/N) `)).trim());
  } finally {
    terminal.close();
  }
}
