import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { isStray, paneNames, readPane, terminalPath, ttyNumber } from "../../../src/host/units/tmux-pane.ts";

const proc = mkdtempSync(join(tmpdir(), "muster-proc-"));

afterAll(() => rmSync(proc, { recursive: true }));

/** As proc_pid_stat(5) has it; the name is the agent's to choose. */
const stat = (tty: number, name = "sh") => `42 (${name}) S 41 42 42 ${tty} 42 4194560 0`;

function plant(path: string, text: string): void {
  mkdirSync(join(proc, path, ".."), { recursive: true });
  writeFileSync(join(proc, path), text);
}

test.each([
  ["sh", 34_816],
  ["a) S 1 2 3 (b", 34_816],
])("a program's terminal is read past its name, %j", (name, tty) => {
  expect(ttyNumber(stat(tty, name))).toBe(tty);
});

test.each([
  [34_816, "/dev/pts/0"],
  [34_819, "/dev/pts/3"],
  [35_072, "/dev/pts/256"],
  [0, undefined],
  [1025, undefined],
])("the terminal of number %i is %s", (tty, path) => {
  expect(terminalPath(tty)).toBe(path);
});

test("an agent without a program or a terminal shows no life, and one that cannot be looked at is unknown", () => {
  expect(readPane(41, proc)).toEqual({ unknown: "this kernel does not list a process's children" });
  plant("thread-self/children", "");
  expect(readPane(41, proc)).toEqual({});
  plant("41/task/41/children", "42 43 ");
  plant("42/stat", stat(0));
  expect(readPane(41, proc)).toEqual({});
});

test("a program is known by the name it gives itself and by its file's, without a version", () => {
  plant("51/task/51/children", "52 ");
  plant("52/comm", "MainThread\n");
  symlinkSync("/opt/node-24/bin/node", join(proc, "52/exe"));
  expect(paneNames(51, proc)).toEqual(["MainThread", "node"]);
  plant("61/task/61/children", "62 ");
  plant("62/comm", "hermes\n");
  symlinkSync("/usr/bin/python3.11", join(proc, "62/exe"));
  expect(paneNames(61, proc)).toEqual(["hermes", "python"]);
  expect(paneNames(71, proc)).toEqual([]);
});

test("what is no tmux is a stray, and so is a unit without a main process; one that ended is none", () => {
  plant("71/comm", "tmux: server\n");
  plant("72/comm", "sleep\n");
  expect([71, 72, 0, 73].map((main) => isStray(main, proc))).toEqual([false, true, true, false]);
});
