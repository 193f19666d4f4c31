import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { installedAmong } from "../../src/host/system/dpkg.ts";

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "muster-dpkg-"));
});

afterEach(() => rmSync(dir, { recursive: true }));

const stanza = (name: string, status: string, arch = "amd64") =>
  `Package: ${name}\nStatus: ${status}\nArchitecture: ${arch}\nDescription: text\n Package: not-a-field\n`;

test("only completely installed packages are listed", () => {
  const states = ["install ok installed", "deinstall ok config-files", "install ok half-configured"];
  const names = ["tmux", "mail", "half"];
  writeFileSync(join(dir, "status"), names.map((name, i) => stanza(name, states[i] ?? "")).join("\n"));
  expect([...installedAmong(dir, [...names, "tmu", "not-a-field", "never"])]).toEqual(["tmux"]);
});

test("a package counts as installed if it is installed for at least one architecture", () => {
  const both = [
    stanza("libc6", "deinstall ok config-files", "i386"),
    stanza("libc6", "install ok installed"),
  ];
  writeFileSync(join(dir, "status"), both.join("\n"));
  expect(installedAmong(dir, ["libc6"]).has("libc6")).toBe(true);
});

test("updates that dpkg has not merged yet override dpkg's status file", () => {
  writeFileSync(join(dir, "status"), stanza("tmux", "install ok installed"));
  mkdirSync(join(dir, "updates"));
  writeFileSync(join(dir, "updates/0000"), stanza("tmux", "install ok half-installed"));
  writeFileSync(join(dir, "updates/0001"), stanza("tmux", "deinstall ok config-files"));
  writeFileSync(join(dir, "updates/tmp.i"), stanza("tmux", "install ok installed"));
  expect(installedAmong(dir, ["tmux"]).size).toBe(0);
});
