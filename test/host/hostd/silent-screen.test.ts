import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, expect, test } from "vitest";
import { readSilentScreen } from "../../../src/host/units/silent-screen.ts";

const folder = mkdtempSync(join(tmpdir(), "muster-pane-"));
const file = join(folder, "pane");
const { uid, gid } = userInfo();
const SELF = { name: "iris", uid, gid, home: folder, shell: "/bin/sh" };

beforeEach(() => rmSync(file, { force: true }));
afterAll(() => rmSync(folder, { recursive: true }));

test("the rows are those of the file, if the terminal has been silent since the file was written", () => {
  writeFileSync(file, "one\ntwo\n");
  const minuteAgo = Date.now() / 1000 - 60;
  utimesSync(file, minuteAgo, minuteAgo);
  expect(readSilentScreen(file, SELF, 130)).toEqual(["one", "two", ""]);
  expect(readSilentScreen(file, SELF, 30)).toBeUndefined();
});

test.each<[string, () => void]>([
  ["is missing", () => {}],
  ["is a link", () => symlinkSync("/etc/hostname", file)],
  ["is a FIFO", () => execFileSync("mkfifo", [file])],
  ["is larger than a screen", () => writeFileSync(file, "x".repeat(70_000))],
])("a file that %s shows no rows, and does not block", (_, make) => {
  make();
  expect(readSilentScreen(file, SELF, 130)).toBeUndefined();
});

test("a file of another user shows no rows", () => {
  writeFileSync(file, "one\n");
  expect(readSilentScreen(file, { ...SELF, uid: uid + 1 }, 130)).toBeUndefined();
});
