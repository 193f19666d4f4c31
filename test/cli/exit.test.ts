import { describe, expect, test } from "vitest";
import { InvalidError, MusterError, UnreachableError } from "../../src/base/errors.ts";
import { byPriority, exitOf } from "../../src/cli/exit.ts";

const parts = { what: "it failed", why: "no reason." };

describe("the exit code of `fleet`", () => {
  test("is 0 if no other code applies", () => {
    expect(byPriority([])).toEqual([0]);
    expect(byPriority([0])).toEqual([0]);
  });

  test("is the first of the codes 2, 1, 8, 3, 6, 5, 7 and 4 that applies", () => {
    expect(byPriority([4, 7, 4])).toEqual([7, 4]);
    expect(byPriority([4, 5, 6, 3, 7, 8, 1, 2])).toEqual([2, 1, 8, 3, 6, 5, 7, 4]);
  });

  test("can be the exit code of a program that `fleet` has started", () => {
    expect(byPriority([255])).toEqual([255]);
  });

  test("depends on the error, as documented in the table of `--help`", () => {
    expect(exitOf(new InvalidError(parts))).toBe(2);
    expect(exitOf(new UnreachableError(parts))).toBe(4);
    expect(exitOf(new MusterError(parts))).toBe(1);
    expect(exitOf("thrown by a library")).toBe(1);
  });
});
