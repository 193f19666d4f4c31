import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { isStray, paneNames, readPane, terminalPath, ttyNumber } from "../../../src/host/units/tmux-pane.ts";

const proc = mkdtempSync(join(tmpdir(), "muster-proc-"));

afterAll(() => rmSync(proc, { recursive: true }));

/** A line of /proc/PID/stat, see proc_pid_stat(5); an agent can choose its name. */
const stat = (tty: number, name = "sh") => `42 (${name}) S 41 42 42 ${tty} 42 4194560 0`;

function write(path: string, text: string): void {
  mkdirSync(join(proc, path, ".."), { recursive: true });
  writeFileSync(join(proc, path), text);
}

test.each([
  ["sh", 34_816],
  ["a) S 1 2 3 (b", 34_816],
])("a program's terminal is found whatever the program's name is: %j", (name, tty) => {
  expect(ttyNumber(stat(tty, name))).toBe(tty);
});

test.each([
  [34_816, "/dev/pts/0"],
  [34_819, "/dev/pts/3"],
  [35_072, "/dev/pts/256"],
  [0, undefined],
  [1025, undefined],
])("the terminal with number %i is %s", (tty, path) => {
  expect(terminalPath(tty)).toBe(path);
});

test("an agent without a program or a terminal shows no sign of life, and an agent that cannot be observed is unknown", () => {
  expect(readPane(41, proc)).toEqual({ unknown: "this kernel does not list a process's children" });
  write("thread-self/children", "");
  expect(readPane(41, proc)).toEqual({});
  write("41/task/41/children", "42 43 ");
  write("42/stat", stat(0));
  expect(readPane(41, proc)).toEqual({});
});

test("a program is recognized by its process name and by its file's name without the version", () => {
  write("51/task/51/children", "52 ");
  write("52/comm", "MainThread\n");
  symlinkSync("/opt/node-24/bin/node", join(proc, "52/exe"));
  expect(paneNames(51, proc)).toEqual(["MainThread", "node"]);
  write("61/task/61/children", "62 ");
  write("62/comm", "hermes\n");
  symlinkSync("/usr/bin/python3.11", join(proc, "62/exe"));
  expect(paneNames(61, proc)).toEqual(["hermes", "python"]);
  expect(paneNames(71, proc)).toEqual([]);
});

test("a unit is a stray if its main process is missing or is not tmux, unless the unit's process has ended", () => {
  write("71/comm", "tmux: server\n");
  write("72/comm", "sleep\n");
  expect([71, 72, 0, 73].map((main) => isStray(main, proc))).toEqual([false, true, true, false]);
});
