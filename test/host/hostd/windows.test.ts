import { expect, test } from "vitest";
import { isMaintenance } from "../../../src/host/hostd/holds.ts";

const EVERY_DAY = [0, 1, 2, 3, 4, 5, 6];
const SATURDAY = 6;

test.each([
  ["inside it", EVERY_DAY, 120, 240, "2026-01-02T03:00:00Z", true],
  ["at its end", EVERY_DAY, 120, 240, "2026-01-02T04:00:00Z", false],
  ["on another day", [SATURDAY], 120, 240, "2026-01-02T03:00:00Z", false],
  ["past midnight, on the day after it has begun", [SATURDAY], 1380, 120, "2026-01-04T01:00:00Z", true],
  ["past midnight, after a day without one", [SATURDAY], 1380, 120, "2026-01-03T01:00:00Z", false],
])("a maintenance window contains the right times: %s", (_, days, from, to, now, expected) => {
  expect(isMaintenance([{ days, from, to }], new Date(now))).toBe(expected);
});
