import { describe, expect, test } from "vitest";
import { InvalidError, MusterError, UnreachableError } from "../../src/base/errors.ts";
import { byPriority, exitOf } from "../../src/cli/exit.ts";

const parts = { what: "it failed", why: "of a reason." };

describe("exit codes", () => {
  test("nothing that holds is clean", () => {
    expect(byPriority([])).toEqual([0]);
    expect(byPriority([0])).toEqual([0]);
  });

  test("of several the first of 2, 1, 8, 5, 7, 4 wins, and all are told once", () => {
    expect(byPriority([4, 7, 4])).toEqual([7, 4]);
    expect(byPriority([4, 5, 7, 8, 1, 2])).toEqual([2, 1, 8, 5, 7, 4]);
  });

  test("the code of another program passes through", () => {
    expect(byPriority([255])).toEqual([255]);
  });

  test("errors stand for the code that the table names", () => {
    expect(exitOf(new InvalidError(parts))).toBe(2);
    expect(exitOf(new UnreachableError(parts))).toBe(4);
    expect(exitOf(new MusterError(parts))).toBe(1);
    expect(exitOf("thrown by a library")).toBe(1);
  });
});
