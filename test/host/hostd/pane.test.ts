import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { isStray, paneNames, readPane, terminalPath, ttyNumber } from "../../../src/host/units/tmux-pane.ts";

const proc = mkdtempSync(join(tmpdir(), "muster-proc-"));

afterAll(() => rmSync(proc, { recursive: true }));

/** Returns a line of /proc/PID/stat, see proc_pid_stat(5). An agent can choose the name in this line. */
const stat = (tty: number, name = "sh") => `42 (${name}) S 41 42 42 ${tty} 42 4194560 0`;

function write(path: string, text: string): void {
  mkdirSync(join(proc, path, ".."), { recursive: true });
  writeFileSync(join(proc, path), text);
}

test.each([
  ["sh", 34_816],
  ["a) S 1 2 3 (b", 34_816],
])("a program's terminal is found even if the program has an unusual name: %j", (name, tty) => {
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
  write("42/comm", "sh\n");
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

test("the program that muster-run has started is found among the children of muster-run", () => {
  write("81/task/81/children", "82 84 ");
  write("82/comm", "muster-run\n");
  write("82/task/82/children", "83 ");
  write("83/comm", "hermes\n");
  symlinkSync("/usr/bin/python3.11", join(proc, "83/exe"));
  expect(paneNames(81, proc)).toEqual(["hermes", "python"]);
});

describe("an agent has left its terminal", () => {
  const started = join(proc, "started");

  test("if its unit's main process is missing or is a running program other than tmux", () => {
    write("71/comm", "tmux: server\n");
    write("72/comm", "sleep\n");
    expect([71, 72, 0, 73].map((main) => isStray(main, started, proc))).toEqual([false, true, true, false]);
  });

  test.each([
    ["runs", "92 (muster-run) S 91 92", false],
    ["is a zombie", "92 (muster-run) Z 91 92", true],
    ["has another parent", "92 (muster-run) S 1 92", true],
    ["is another program", "92 (sleep) S 91 92", true],
  ])(
    "if its muster-run has ended, even if other programs still run in its tmux: the recorded process %s",
    (_, stat, isGone) => {
      write("91/comm", "tmux: server\n");
      write("92/stat", stat);
      write("started", "92\n");
      expect(isStray(91, started, proc)).toBe(isGone);
      write("started", "93\n");
      expect(isStray(91, started, proc)).toBe(true);
    },
  );
});
