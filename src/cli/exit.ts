import { InvalidError, UnreachableError } from "../base/errors.ts";

/** The exit codes of `fleet`. Pulumi uses the same numbers, and scripts depend on these numbers. */
export const EXIT = {
  clean: 0,
  failure: 1,
  invalid: 2,
  refused: 3,
  unreachable: 4,
  policy: 5,
  unconfirmed: 6,
  drift: 7,
  cancelled: 8,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** The order of precedence. If several codes apply, the process exits with the code that comes first in this list. */
const PRECEDENCE: readonly number[] = [2, 1, 8, 3, 6, 5, 7, 4];

/**
 * Sorts the codes that apply and removes duplicates. The code of another program, such as ssh, comes last.
 *
 * @returns at least one code; the process exits with the first one
 */
export function byPriority(codes: readonly number[]): readonly [number, ...number[]] {
  const held = new Set(codes.filter((code) => code !== EXIT.clean));
  const ordered = PRECEDENCE.filter((code) => held.has(code));
  const [first, ...others] = [...new Set([...ordered, ...held])];
  return first === undefined ? [EXIT.clean] : [first, ...others];
}

/** Returns the exit code for an error. */
export function exitOf(error: unknown): ExitCode {
  if (error instanceof InvalidError) return EXIT.invalid;
  if (error instanceof UnreachableError) return EXIT.unreachable;
  return EXIT.failure;
}

/** The text at the end of every `--help`. */
export const EXIT_TABLE = `
Exit codes:
  0  clean
  1  failure
  2  fleet.yaml, the configuration or the command line is invalid
  3  refused: nothing was done (only \`send\`)
  4  a host could not be reached (everything else was done)
  5  a policy is not met, for example because an agent is not healthy
  6  it is not confirmed that a message was accepted (only \`send --verify\`)
  7  drift found
  8  cancelled
If several codes apply, the first of 2, 1, 8, 3, 6, 5, 7, 4 is used. --json
lists all of them.
`;
