import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { describeProcess } from "../../src/host/writers/describe-process.ts";
import { withEvent } from "../../src/host/writers/record-writers.ts";
import {
  recordedWriter,
  recorderFolder,
  writeRecordedWriters,
} from "../../src/host/writers/recorded-writers.ts";
import { writerText } from "../../src/model/recurrence.ts";
import { makeAgentWorld } from "./world.ts";

const SOUL = "/home/iris/SOUL.md";
const AT = Date.parse("2026-03-10T02:14:09.000Z");
const NOW = { time: "2026-03-10T02:14:09.500Z", owner: "iris", ran: [] };

/** Makes a folder like /proc, with the process 20 below sh and cron. */
function proc(): string {
  const folder = join(makeAgentWorld().dir, "proc");
  const add = (pid: number, name: string, parent: number) => {
    mkdirSync(join(folder, `${pid}`), { recursive: true });
    writeFileSync(
      join(folder, `${pid}/status`),
      `Name:\t${name}\nPPid:\t${parent}\nUid:\t1001\t1001\t1001\t1001\n`,
    );
    writeFileSync(join(folder, `${pid}/cgroup`), "0::/system.slice/fleet-self-sync.service/sub\n");
    symlinkSync(`/usr/bin/${name}`, join(folder, `${pid}/exe`));
  };
  add(20, "git", 19);
  add(19, "sh", 18);
  add(18, "cron", 1);
  return folder;
}

describe("a process", () => {
  test("is described by its user, executable, unit and parents, and not by its command line", () => {
    expect(describeProcess(20, "git", (uid) => `user${uid}`, proc())).toEqual({
      ...{ name: "git", pid: 20, user: "user1001", executable: "/usr/bin/git" },
      ...{ unit: "fleet-self-sync.service", parents: ["sh", "cron"] },
    });
  });

  test("that has ended, or whose PID belongs to another process, is described by its name only", () => {
    const folder = proc();
    expect(describeProcess(7, "git", String, folder)).toEqual({ name: "git", pid: 7 });
    expect(describeProcess(19, "git", String, folder)).toEqual({ name: "git", pid: 19 });
  });
});

describe("an event", () => {
  const add = (line: string) => withEvent(makeAgentWorld().host, {}, line, [SOUL]);
  const of = (path: string) => `${AT / 1000}.25 git(999999): CW  ${path}`;

  test("counts for a declared file, and for a file that soon replaces it", () => {
    expect(add(of(SOUL))[SOUL]).toMatchObject([{ name: "git", pid: 999999 }]);
    expect(add(of(`${SOUL}.tmp`))[SOUL]).toHaveLength(1);
  });

  test.each([of("/home/iris/SOUL.mdx"), of("/home/iris/.SOUL.md.muster-new"), "garbage"])(
    "is ignored: %s",
    (line) => {
      expect(add(line)).toEqual({});
    },
  );
});

describe("the sentence about a writer", () => {
  const event = { at: AT, name: "sh", pid: 20 };
  const known = {
    ...event,
    user: "iris",
    executable: "/usr/bin/dash",
    unit: "fleet-self-sync.service",
    parents: ["cron"],
  };
  const since = "2026-03-01T00:00:00.000Z";
  const sentence = (recorded: object, time = AT + 500, isRunning = true) => {
    const { host } = makeAgentWorld();
    if (isRunning) mkdirSync(recorderFolder(host));
    writeRecordedWriters(host, { since, events: {}, ...recorded });
    return writerText({ ...NOW, ...recordedWriter(host, SOUL, time) });
  };

  test("names the unit and the process if the process still existed", () => {
    expect(sentence({ events: { [SOUL]: [known] } })).toBe(
      "It was last written at 2026-03-10T02:14:09Z by fleet-self-sync.service (/usr/bin/dash of iris, PID 20, started by cron).",
    );
  });

  test("names what ran if the process had ended", () => {
    expect(sentence({ events: { [SOUL]: [event] } })).toBe(
      "It was last written at 2026-03-10T02:14:09Z and belonged to iris; the kernel reports the process sh, PID 20, which ended before more could be read; the journal names no program that ran at that time.",
    );
  });

  test.each<[string, object, number, RegExp]>([
    [
      "an event at another time",
      { events: { [SOUL]: [known] } },
      AT + 60_000,
      /no write of this file at that time/,
    ],
    ["a change before the record", {}, Date.parse(since) - 1000, /recording began at 2026-03-01/],
    ["a flood", { lost: new Date(AT).toISOString() }, AT, /so much was written at that time/],
    ["a missing program", { error: "fatrace: not found" }, AT, /was not recorded: fatrace: not found\./],
  ])("says why the writer is not known: %s", (_, recorded, time, reason) => {
    expect(sentence(recorded, time)).toMatch(reason);
  });

  test("says that the recorder does not run", () => {
    expect(sentence({}, AT, false)).toMatch(/because muster-writers\.service does not run\.$/);
  });

  test("says how to record writers on a host that records none", () => {
    const { unrecorded } = recordedWriter(makeAgentWorld().host, SOUL, AT);
    expect(unrecorded).toMatch(/set `recurrence\.recordWriters: true`/);
  });
});
