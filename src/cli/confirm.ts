import { createInterface } from "node:readline/promises";
import { InvalidError } from "../base/errors.ts";

/**
 * Asks the person at the terminal; only "y" and "yes" are a yes.
 *
 * @throws InvalidError where nobody is there to answer
 */
export async function confirm(question: string): Promise<boolean> {
  if (!process.stdin.isTTY) {
    throw new InvalidError({
      what: "nothing was done",
      why: "nobody is here to confirm it.",
      next: "Say `--yes`.",
    });
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await terminal.question(`${question} (y/N) `)).trim());
  } finally {
    terminal.close();
  }
}
