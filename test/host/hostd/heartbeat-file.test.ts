import { execFileSync } from "node:child_process";
import {
  ftruncateSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { parseHeartbeat, readHeartbeatFile } from "../../../src/host/units/heartbeat-file.ts";
import { HEARTBEAT_PROGRAM } from "../../../src/resources/beat-program.ts";

const { uid, gid, username: name } = userInfo();
const SELF = { name, uid, gid, home: "/", shell: "/bin/sh" };
const NOW = new Date("2026-01-02T03:04:05Z");

const dir = mkdtempSync(join(tmpdir(), "muster-beat-"));
const file = join(dir, "beat");
const GOOD = JSON.stringify({ time: NOW.toISOString(), pid: 1, state: "idle", task: "" });

afterAll(() => rmSync(dir, { recursive: true }));

beforeEach(() => rmSync(file, { recursive: true, force: true }));

const read = () => readHeartbeatFile(file, SELF).reading;

describe("a heartbeat file", () => {
  test("is a sign of life if the agent has replaced the file since the last read", () => {
    writeFileSync(file, GOOD);
    const first = readHeartbeatFile(file, SELF);
    expect(first.reading).toMatchObject({ state: "idle" });
    expect(readHeartbeatFile(file, SELF, first)).toBe(first);
    rmSync(file);
    writeFileSync(file, GOOD.replace("idle", "busy"));
    const next = readHeartbeatFile(file, SELF, first).reading;
    expect(next.state).toBe("busy");
    expect(next.mark).not.toBe(first.reading.mark);
  });

  test("is neither a sign of life nor a problem if it does not exist", () => {
    expect(read()).toEqual({});
  });

  test.each<[string, () => void, string]>([
    ["a symlink", () => symlinkSync("/etc/passwd", file), "it is a symlink"],
    ["a fifo", () => execFileSync("mkfifo", [file]), "it is a fifo"],
    ["a folder", () => mkdirSync(file), "it is a directory"],
    ["a gigabyte in size", () => ftruncateSync(openSync(file, "w"), 2 ** 30), "it has more than 4096 bytes"],
    ["garbage", () => writeFileSync(file, Buffer.from([0, 255, 1, 27])), "it is not a JSON object"],
    ["a second name of another file", () => linkSync(other(), file), "it is a hard link"],
  ])("is reported as a problem and never blocks the reader if it is %s", (_, plant, problem) => {
    plant();
    expect(read()).toEqual({ problem });
  });

  test("is reported if it belongs to another user", () => {
    writeFileSync(file, GOOD);
    const otherUser = { ...SELF, uid: uid + 1 };
    // A process needs root to act as another user, and even then that user cannot enter this folder.
    const reading = readHeartbeatFile(file, otherUser).reading;
    expect(reading.mark).toBeUndefined();
    expect(reading.problem ?? reading.unknown).toBeDefined();
  });
});

describe("the content of a heartbeat file", () => {
  test.each([
    ["[]", "its time is invalid"],
    ["null", "it is not a JSON object"],
    ['{"time":7,"state":"idle"}', "its time is invalid"],
    ['{"time":"2026-01-02T03:04:05Z","state":"dead"}', "its state is not one of idle, busy, blocked, stuck"],
    [
      '{"time":"2026-01-02T03:04:05Z","state":["idle"]}',
      "its state is not one of idle, busy, blocked, stuck",
    ],
  ])("is not a heartbeat if it is %s", (text, problem) => {
    expect(parseHeartbeat(text, "m", NOW)).toEqual({ problem });
  });

  test("is reported if it has a time in the future, and still counts as a sign of life", () => {
    const text = '{"time":"2026-01-02T04:04:05Z","state":"busy"}';
    expect(parseHeartbeat(text, "m", NOW)).toEqual({
      mark: "m",
      state: "busy",
      problem: "its time is in the future",
    });
  });

  test("cannot contain escape sequences for a terminal", () => {
    const text = JSON.stringify({ time: NOW, state: "busy", task: `\u001b[2J${"x".repeat(500)}` });
    const { task = "" } = parseHeartbeat(text, "m", NOW);
    expect(task).toMatch(/^\\u001b\[2Jx+…$/);
  });
});

describe("the command muster-beat", () => {
  const beat = (...args: readonly string[]) =>
    execFileSync("/bin/sh", ["-c", HEARTBEAT_PROGRAM, "muster-beat", ...args], {
      env: { PATH: process.env["PATH"], MUSTER_BEAT: file },
    });

  test.each(["", "reviews 12 pull requests", 'a "quote", a \\ and a\ttab\nand more', "größer"])(
    "writes a file that can be read, whatever the task is: %j",
    (task) => {
      beat("idle", task);
      expect(read()).toMatchObject({ state: "idle" });
      expect(read().problem).toBeUndefined();
      expect(read().task ?? "").toBe(task.replaceAll(/[\t\n]/g, ""));
    },
  );

  test("refuses an unknown state", () => {
    expect(() => beat("dead")).toThrow("usage: muster-beat");
  });
});

function other(): string {
  const path = join(dir, "other");
  writeFileSync(path, GOOD);
  return path;
}
