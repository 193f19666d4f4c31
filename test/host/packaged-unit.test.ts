import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { packagedUnitReader } from "../../src/host/unmanaged/packaged-unit.ts";

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "muster-units-"));
  write("lib/a-b.service", "a package's file");
  write("lib/c@.service", "a package's template");
  mkdirSync(join(root, "etc"));
});

afterEach(() => rmSync(root, { recursive: true }));

function write(path: string, text = ""): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

const read = (unit: string) => packagedUnitReader([join(root, "lib")], [join(root, "etc")])(unit);

test("a unit that only a package's file defines is read from this file", () => {
  expect(read("a-b.service")).toBe("a package's file");
  expect(read("c@x.service")).toBe("a package's template");
});

test("a unit that no package contains is not read", () => {
  expect(read("other.service")).toBeUndefined();
});

test.each([
  ["a-b.service", "etc/a-b.service"],
  ["a-b.service", "etc/a-b.service.d/user.conf"],
  ["a-b.service", "etc/a-.service.d/user.conf"],
  ["a-b.service", "etc/service.d/user.conf"],
  ["a-b.service", "lib/a-b.service.d/user.conf"],
  ["c@x.service", "etc/c@.service.d/user.conf"],
  ["c@x.service", "etc/c@x.service.d/user.conf"],
  ["c@x.service", "etc/c@x.service"],
])("%s is not read from the package's file if there is %s", (unit, path) => {
  write(path, "User=iris");
  expect(read(unit)).toBeUndefined();
});
