import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { startMark } from "../../src/base/proc-stat.ts";
import { withProcessLock, withProcessLockSync } from "../../src/base/process-lock.ts";
import { code, node, sandbox } from "../engine/sandbox.ts";

/** Starts a process that holds the lock for some milliseconds, and that logs when it takes and releases the lock. */
function holder(file: string, log: string, milliseconds: number, env: Record<string, string>) {
  const body = `
    import { appendFileSync } from "node:fs";
    const say = (word) => appendFileSync(${JSON.stringify(log)}, word + " " + process.pid + "\\n");
    await m.withProcessLock(${JSON.stringify(file)}, (pid) => say("waits-for-" + pid), async () => {
      say("in");
      await new Promise((done) => setTimeout(done, ${milliseconds}));
      say("out");
    });`;
  return node(code("../base/process-lock.ts", body), env);
}

function paths(home: string): [file: string, log: string] {
  const log = join(home, "log");
  appendFileSync(log, "");
  return [join(home, "locks/lock"), log];
}

test("a second process waits for the lock, and reports which process holds the lock", async () => {
  const { home, env } = sandbox();
  const [file, log] = paths(home);
  const first = holder(file, log, 2000, env);
  await vi.waitFor(() => expect(readFileSync(log, "utf8")).toContain("in"), 5000);
  const second = holder(file, log, 0, env);
  await Promise.all([first, second]);
  expect(readFileSync(log, "utf8")).toBe(
    `in ${first.pid}\nwaits-for-${first.pid} ${second.pid}\nout ${first.pid}\nin ${second.pid}\nout ${second.pid}\n`,
  );
  expect(readdirSync(join(home, "locks"))).toEqual([]);
});

test("six processes that find the lock of a killed process at the same time acquire the lock one after another", async () => {
  const { home, env } = sandbox();
  const [file, log] = paths(home);
  const killed = holder(file, log, 60_000, env);
  await vi.waitFor(() => expect(readFileSync(log, "utf8")).toContain("in"), 5000);
  killed.kill("SIGKILL");
  await killed;
  expect(existsSync(file)).toBe(true);
  writeFileSync(log, "");
  await Promise.all(Array.from({ length: 6 }, () => holder(file, log, 20, env)));
  const turns = readFileSync(log, "utf8")
    .split("\n")
    .filter((line) => /^(in|out) /.test(line));
  expect(turns).toHaveLength(12);
  for (let i = 0; i < turns.length; i += 2) expect(turns[i + 1]).toBe(turns[i]?.replace("in", "out"));
});

test("a lock is taken over if the process id in the lock now belongs to a newer process", async () => {
  const { home } = sandbox();
  const [file] = paths(home);
  await withProcessLock(
    file,
    () => undefined,
    async () => undefined,
  );
  writeFileSync(file, `${process.pid} 1`);
  const waited = vi.fn();
  expect(await withProcessLock(file, waited, async () => "done")).toBe("done");
  expect(waited).not.toHaveBeenCalled();
});

test("the lock is released if the task that holds it fails", async () => {
  const { home } = sandbox();
  const [file] = paths(home);
  const failing = withProcessLock(
    file,
    () => undefined,
    async () => {
      throw new Error("no");
    },
  );
  await expect(failing).rejects.toThrow("no");
  expect(existsSync(file)).toBe(false);
});

test("a synchronous task that has waited too long for the lock fails, and the error names the process that holds the lock", async () => {
  const { home, env } = sandbox();
  const [file, log] = paths(home);
  const first = holder(file, log, 2000, env);
  await vi.waitFor(() => expect(readFileSync(log, "utf8")).toContain("in"), 5000);
  const work = vi.fn(() => "done");
  const why = `the list cannot be written: process ${first.pid} has held the lock for 0.1 s.`;
  expect(() => withProcessLockSync(file, "the list cannot be written", 100, work)).toThrow(why);
  expect(work).not.toHaveBeenCalled();
  expect(withProcessLockSync(file, "the list cannot be written", 10_000, work)).toBe("done");
  expect(readdirSync(join(home, "locks"))).toEqual([]);
});

test("a lock file that the user cannot write causes an immediate error", async () => {
  const { home } = sandbox();
  const file = join(home, "lock");
  mkdirSync(`${file}.held`);
  const locked = withProcessLock(
    file,
    () => undefined,
    async () => undefined,
  );
  await expect(locked).rejects.toThrow(`${file}.held cannot be locked: `);
});

test("a process has the same start mark as long as it runs, and no start mark after it has ended", () => {
  expect(startMark(process.pid)).toBe(startMark(process.pid));
  expect(startMark(2 ** 22 + 1)).toBeUndefined();
});
