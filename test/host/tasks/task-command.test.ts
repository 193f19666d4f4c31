import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { promisify } from "node:util";
import fc from "fast-check";
import { describe, expect, onTestFinished, test } from "vitest";
import { withQueue } from "../../../src/host/tasks/open-queue.ts";
import { runTask } from "../../../src/host/tasks/task-command.ts";
import { addTask } from "../../../src/host/tasks/task-queue.ts";
import { routeTask, type TaskRoute } from "../../../src/model/routes.ts";

const GITHUB: TaskRoute = {
  ...{ capability: "github.push", agents: ["arc"], to: "arc" },
  patterns: ["git push", "github + credential*", "it's o'clock"],
};
const seed = Number(process.env["SEED"] ?? Math.floor(Math.random() * 2 ** 31));

/** Creates the home of iris, and the file with the routes of iris's host. */
function makeHome(routes: readonly TaskRoute[] = [GITHUB]) {
  const dir = mkdtempSync(join(tmpdir(), "muster-tasks-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const file = join(dir, "routes.json");
  const declare = (now: readonly TaskRoute[]) =>
    writeFileSync(file, JSON.stringify({ users: { iris: "iris", arc: "arc" }, routes: now }));
  declare(routes);
  const db = join(dir, ".muster", "tasks.db");
  const task = (...words: string[]) => {
    const printed = { out: "", err: "" };
    const io = {
      ...{ user: () => "iris", home: () => dir, stdin: () => "", file },
      become: (user: string) => {
        throw new Error(`not root, and asked to act as ${user}`);
      },
      out: (text: string) => {
        printed.out += text;
      },
      err: (text: string) => {
        printed.err += text;
      },
    };
    const code = runTask(words, io);
    const json = printed.out.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line)]));
    return { code, json, ...printed };
  };
  return { dir, db, task, declare };
}

describe("a queue", () => {
  test("assigns tasks by priority and then in the order of their creation, and each task only once", () => {
    const { task } = makeHome();
    task("add", "second");
    task("add", "third", "--description", "later");
    task("add", "first", "--priority", "1");
    const taken = [task("next"), task("next"), task("next")].map(({ json }) => json[0].subject);
    expect(taken).toEqual(["first", "second", "third"]);
    expect(task("next")).toMatchObject({ code: 4, out: "" });
  });

  test("keeps the result of a task, and refuses to close a task twice", () => {
    const { task } = makeHome();
    task("add", "one");
    task("add", "two");
    expect(task("next").json[0]).toMatchObject({ id: 1, status: "active" });
    expect(task("done", "1", "all", "good").json[0]).toMatchObject({ status: "done", result: "all good" });
    expect(task("fail", "2", "no access").json[0]).toMatchObject({ status: "failed", result: "no access" });
    expect(task("done", "1")).toMatchObject({ code: 1, err: expect.stringContaining("no open task") });
    expect(task("list", "--status", "failed").json.map(({ id }) => id)).toEqual([2]);
  });

  test("contains only one task with the same key", () => {
    const { task } = makeHome();
    expect(task("add", "one", "--key", "loom/7").json).toEqual([{ id: 1 }]);
    expect(task("add", "one again", "--key", "loom/7").json).toEqual([{ id: 1 }]);
    expect(task("list").json).toHaveLength(1);
  });

  test("loses no task, and assigns no task twice, even if 20 processes use it at the same time", async () => {
    const { dir, db } = makeHome();
    const script = join(dir, "writer.mjs");
    const queue = join(import.meta.dirname, "../../../src/host/tasks");
    writeFileSync(
      script,
      `import { withQueue } from ${JSON.stringify(join(queue, "open-queue.ts"))};
       import { addTask, takeTask } from ${JSON.stringify(join(queue, "task-queue.ts"))};
       const [db, name] = process.argv.slice(2);
       const taken = [];
       for (let i = 0; i < 5; i += 1) withQueue(db, [], "iris", (one) => {
         addTask(one, { key: name + i, subject: name, description: "", priority: 5 });
         taken.push(takeTask(one, [], "iris").id);
       });
       process.stdout.write(taken.join(" "));`,
    );
    const run = promisify(execFile);
    const names = Array.from({ length: 20 }, (_, i) => `writer-${i}-`);
    const done = await Promise.all(
      names.map((name) => run(process.execPath, ["--no-warnings", script, db, name])),
    );
    const taken = done.flatMap(({ stdout }) => stdout.split(" ").map(Number));
    expect(taken.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => i + 1));
  }, 120_000);

  test("reports a damaged file, a link, a folder and a newer queue in one sentence each", () => {
    for (const plant of [
      (db: string) => writeFileSync(db, "x".repeat(10_000)),
      (db: string) => symlinkSync("/etc/passwd", db),
      (db: string) => mkdirSync(db),
      (db: string) => new DatabaseSync(db).exec("PRAGMA user_version = 99"),
    ]) {
      const { dir, db, task } = makeHome();
      mkdirSync(join(dir, ".muster"));
      plant(db);
      const { code, err } = task("add", "one");
      expect(code).toBe(1);
      expect(err).toMatch(/^muster task: .*tasks\.db: .*\. (Move it away|Run `npx pulumi up`).*\n$/);
    }
  });

  test("refuses a task with NUL or above 1 MiB, even if a program writes to the database directly", () => {
    const { db, task } = makeHome();
    expect(task("add", "a\0b")).toMatchObject({ code: 1, err: expect.stringContaining("NUL") });
    expect(task("add", "x", "--description", "y".repeat(2 ** 20 + 1))).toMatchObject({ code: 1 });
    withQueue(db, [], "iris", (one) => {
      const add = (subject: string) => addTask(one, { key: null, subject, description: "", priority: 5 });
      expect(() => add("a\0git push")).toThrow(/CHECK/);
      expect(() => add("y".repeat(2 ** 20 + 1))).toThrow(/CHECK/);
    });
  });
});

describe("a task of another agent", () => {
  test("is not added, and the reply names the agent that does such tasks", () => {
    const { task } = makeHome();
    expect(task("add", "run `git push`")).toMatchObject({ code: 3, json: [{ allowed: false, to: "arc" }] });
    expect(task("list").json).toEqual([]);
  });

  test("is refused by the database itself, and the guard is restored after somebody has removed this guard", () => {
    const { db, task } = makeHome();
    task("add", "one");
    const insert = (subject: string) => {
      const own = new DatabaseSync(db);
      try {
        own.prepare("INSERT INTO tasks (subject) VALUES (?)").run(subject);
      } finally {
        own.close();
      }
    };
    const spoil = (sql: string) => {
      const own = new DatabaseSync(db);
      own.exec(sql);
      own.close();
    };
    expect(() => insert("please GIT  push")).toThrow("muster: github.push: this task goes to arc");
    expect(() => insert("it's O'CLOCK")).toThrow("goes to arc");
    expect(() => spoil("UPDATE tasks SET subject = 'git push'")).toThrow("goes to arc");
    for (const sql of ["DROP TRIGGER muster_guard_insert", "DROP TABLE muster_guard"]) {
      spoil(sql);
      task("list");
      expect(() => insert("git push")).toThrow("goes to arc");
    }
    insert("what github announced");
    expect(task("list").json).toHaveLength(2);
  });

  test("becomes misrouted instead of being assigned if the routes have changed since it was added", () => {
    const { task, declare } = makeHome([]);
    task("add", "git push");
    task("add", "write a poem");
    declare([GITHUB]);
    expect(task("next").json[0]).toMatchObject({ subject: "write a poem" });
    expect(task("list", "--status", "misrouted").json[0]).toMatchObject({
      result: "github.push: this task goes to arc",
    });
  });

  test("is recognized by the database exactly if the gate recognizes it, for any text", () => {
    const { db, task } = makeHome();
    task("list");
    const own = new DatabaseSync(db);
    onTestFinished(() => own.close());
    const insert = own.prepare("INSERT INTO tasks (subject, description) VALUES (?, ?)");
    const word = fc.constantFrom("git", "push", "GitHub", "credentials", "it's", "o'clock", "é", "x1");
    const gap = fc.constantFrom(" ", "  ", "-", "\n", "`", "", ".\t", "ß", "\u007f", "_");
    const texts = fc.array(fc.tuple(word, gap), { maxLength: 6 }).map((parts) => parts.flat().join(""));
    fc.assert(
      fc.property(texts, texts, (subject, description) => {
        const isRefused = !routeTask([GITHUB], "iris", `${subject}\n${description}`).allowed;
        const run = () => insert.run(subject, description);
        if (isRefused) expect(run).toThrow("goes to arc");
        else expect(run).not.toThrow();
      }),
      { seed, numRuns: 300 },
    );
  });
});

test("the usage is printed for an unknown verb, a missing subject and an unknown option", () => {
  const { task } = makeHome();
  for (const words of [[], ["ad", "x"], ["add"], ["add", "x", "--prio", "1"], ["fail", "1"]])
    expect(task(...words)).toMatchObject({ code: 2, err: expect.stringContaining("usage: muster task add") });
});
