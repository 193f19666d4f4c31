import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { forgetReached, lastReached, lastReachedText, noteReached } from "../../src/inventory/last-seen.ts";

test("the last-reached time of a host is kept until the host is forgotten, and is shown to the minute", () => {
  const project = mkdtempSync(join(tmpdir(), "muster-reached-"));
  onTestFinished(() => rmSync(project, { recursive: true }));
  expect(lastReached(project, "hub")).toBeUndefined();
  const before = Date.now();
  noteReached(project, "hub");
  noteReached(project, "hub");
  const reached = lastReached(project, "hub") as Date;
  expect(Math.abs(reached.getTime() - before)).toBeLessThan(10_000);
  expect(lastReachedText(reached)).toBe(
    `last reached ${reached.toISOString().slice(0, 10)} ${reached.toISOString().slice(11, 16)} UTC`,
  );
  forgetReached(project, "hub");
  forgetReached(project, "hub");
  expect(lastReachedText(lastReached(project, "hub"))).toBe("never reached from here");
});
