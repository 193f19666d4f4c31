import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { describe, expect, onTestFinished, test } from "vitest";
import { type Courier, deliverHandoffs } from "../../../src/host/handoff/deliver-handoffs.ts";
import { runHandoff } from "../../../src/host/handoff/handoff-command.ts";
import { STEPS } from "../../../src/host/handoff/handoff-step.ts";
import type { WaitingHandoffs } from "../../../src/host/handoff/handoff-store.ts";
import { withQueue } from "../../../src/host/tasks/open-queue.ts";
import { runTask } from "../../../src/host/tasks/task-command.ts";
import { addTask, listTasks } from "../../../src/host/tasks/task-queue.ts";
import type { TaskRoute } from "../../../src/model/routes.ts";

const GITHUB: TaskRoute = { capability: "github.push", agents: ["arc"], to: "arc", patterns: ["git push"] };
const AGENTS = ["arc", "iris", "loom"];
const DETAILS = ["--progress", "half", "--remaining", "the rest", "--reason", "no time", "--wait", "0"];
/**
 * The number of handoffs in each direction, and the number of kills. With `MUSTER_LONG=1`, the test takes about 15 s.
 */
const [EACH, KILLS] = process.env["MUSTER_LONG"] === "1" ? [500, 20] : [80, 8];
const seed = Number(process.env["SEED"] ?? Math.floor(Math.random() * 2 ** 31));

/** Creates the homes of three agents on one host. The steps of a delivery run in this process. */
function makeHost(routes: readonly TaskRoute[] = [GITHUB]) {
  const dir = mkdtempSync(join(tmpdir(), "muster-handoff-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const file = join(dir, "routes.json");
  const users = Object.fromEntries([...AGENTS, "zed"].map((name) => [name, name]));
  const tenants = { ...Object.fromEntries(AGENTS.map((name) => [name, "north"])), zed: "south" };
  writeFileSync(file, JSON.stringify({ users, routes, tenants }));
  const home = (agent: string) => join(dir, agent);
  for (const agent of AGENTS) mkdirSync(home(agent));
  const as = (agent: string, run: typeof runTask, words: readonly string[]) => {
    const printed = { out: "", err: "" };
    const code = run(words, {
      ...{ user: () => agent, home: () => home(agent), stdin: () => "", file, become: () => {} },
      out: (text) => {
        printed.out += text;
      },
      err: (text) => {
        printed.err += text;
      },
    });
    const json = printed.out.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line)]));
    return { code, json, ...printed };
  };
  const saved = new Map<string, WaitingHandoffs>();
  const away = new Set<string>();
  const renamed = new Map<string, string>();
  const run: Courier["run"] = async (agent, step, input) =>
    STEPS[step]({ name: agent, home: home(agent), routes }, input as never);
  const deliver = async (runs = run) => {
    for (const name of AGENTS) {
      const courier: Courier = {
        nameNow: (one) => (away.has(one) ? undefined : (renamed.get(one) ?? one)),
        save: (waiting) => saved.set(name, waiting),
        run: runs,
      };
      const formerly = [...renamed].flatMap(([former, now]) => (now === name ? [former] : []));
      await deliverHandoffs(courier, { name, formerly }).catch(() => undefined);
    }
  };
  return {
    ...{ dir, home, saved, away, renamed, run, deliver },
    task: (agent: string, ...words: string[]) => as(agent, runTask, words),
    handOff: (agent: string, to: string, task: number, ...more: string[]) =>
      as(agent, runHandoff, ["--agent", to, "--task-id", `${task}`, ...DETAILS, ...more]),
    list: (agent: string) => as(agent, runHandoff, ["list"]).json,
    withdraw: (agent: string, id: string) => as(agent, runHandoff, ["withdraw", id, "--wait", "0"]),
  };
}

describe("a handoff", () => {
  test("moves a task to the queue of another agent, with all information that the other agent needs", async () => {
    const { task, handOff, deliver, list, saved } = makeHost();
    task("iris", "add", "write a poem", "--description", "about bees", "--priority", "2");
    expect(handOff("iris", "loom", 1, "--artifacts", "poem.md")).toMatchObject({
      code: 5,
      json: [{ task: 1, to: "loom", status: "waiting" }],
    });
    await deliver();
    expect(task("iris", "list").json).toMatchObject([
      { status: "handed-off", result: "handed off to loom as task 1" },
    ]);
    expect(task("loom", "next").json).toMatchObject([{ subject: "write a poem", priority: 2 }]);
    const [received] = task("loom", "list").json;
    expect(received.description).toBe(
      "## Progress\n\nhalf\n\n## Remaining\n\nthe rest\n\n## Artifacts\n\npoem.md\n\n## Reason\n\nno time\n\n" +
        "## Original task (iris, task 1)\n\nwrite a poem\nabout bees\n",
    );
    expect(list("iris")).toMatchObject([{ to: "loom", status: "delivered", remoteTask: 1 }]);
    expect(saved.get("iris")).toMatchObject({ waiting: 0 });
  });

  test("is kept, reported and repeated if it fails, and its task is closed only after it succeeds", async () => {
    const { task, handOff, deliver, home, saved } = makeHost();
    task("iris", "add", "write a poem");
    handOff("iris", "loom", 1);
    mkdirSync(join(home("loom"), ".muster"));
    symlinkSync("/etc/passwd", join(home("loom"), ".muster/tasks.db"));
    for (const attempts of [1, 2]) {
      await deliver();
      expect(saved.get("iris")).toMatchObject({
        ...{ waiting: 1, attempts },
        error: expect.stringContaining("it is not a file"),
      });
      expect(task("iris", "list").json).toMatchObject([{ status: "handing-off" }]);
    }
    expect(task("iris", "next").code).toBe(4);
    expect(task("iris", "done", "1")).toMatchObject({
      code: 1,
      err: expect.stringContaining("no open task"),
    });
    rmSync(join(home("loom"), ".muster"), { recursive: true });
    await deliver();
    expect(task("loom", "list").json).toMatchObject([{ subject: "write a poem" }]);
    expect(task("iris", "list").json).toMatchObject([{ status: "handed-off" }]);
  });

  test("changes nothing if the target must not do the task, is unknown, belongs to another tenant, or is the sender itself", () => {
    const { task, handOff } = makeHost();
    task("arc", "add", "git push the release");
    expect(handOff("arc", "iris", 1)).toMatchObject({ code: 3, json: [{ allowed: false, to: "arc" }] });
    expect(handOff("arc", "nobody", 1)).toMatchObject({
      code: 1,
      err: expect.stringContaining("iris, loom"),
    });
    expect(handOff("arc", "zed", 1)).toMatchObject({
      code: 1,
      err: expect.stringContaining("iris, loom."),
    });
    expect(handOff("arc", "arc", 1)).toMatchObject({ code: 1, err: expect.stringContaining("itself") });
    expect(handOff("arc", "iris", 7)).toMatchObject({
      code: 1,
      err: expect.stringContaining("no open task"),
    });
    task("arc", "add", "x", "--description", "y".repeat(2 ** 20 - 20));
    expect(handOff("arc", "iris", 2)).toMatchObject({ code: 1, err: expect.stringContaining("1 MiB") });
    expect(task("arc", "list").json).toMatchObject([{ status: "pending" }, { status: "pending" }]);
  });

  test("is checked again by the target, because a program can write to the table of handoffs", async () => {
    const { task, handOff, deliver, home, saved } = makeHost();
    task("iris", "add", "write a poem");
    handOff("iris", "loom", 1);
    withQueue(join(home("iris"), ".muster/tasks.db"), [], "iris", (db) =>
      db.exec("UPDATE handoffs SET description = 'then git push'"),
    );
    await deliver();
    expect(task("loom", "list").json).toEqual([]);
    expect(saved.get("iris")?.error).toContain("github.push");
  });

  test("names as its sender only the agent whose queue contained the task, even if the step of the source is hostile", async () => {
    const { deliver, run, home } = makeHost();
    const id = "00000000-0000-4000-8000-000000000000";
    const good = { id, target: "loom", subject: "a", description: "", priority: 5 };
    const bad = [
      { ...good, id: "../x" },
      { ...good, priority: 99 },
      { ...good, subject: 7 },
      null,
      "x",
      { ...good, source: "arc", key: "handoff/arc/1" },
    ];
    let reads = 0;
    await deliver(async (agent, step, input) => {
      if (agent !== "iris" || step !== "out") return run(agent, step, input);
      reads += 1;
      return { handoffs: reads === 1 ? bad : [] };
    });
    const keys = withQueue(join(home("loom"), ".muster/tasks.db"), [], "loom", (db) =>
      listTasks(db, 9).map(({ key }) => key),
    );
    expect(keys).toEqual([`handoff/iris/${id}`]);
  });

  test("can be withdrawn only while the other agent does not have the task, and the task is then pending again", async () => {
    const { task, handOff, deliver, list, withdraw, away } = makeHost();
    task("iris", "add", "first");
    task("iris", "add", "second");
    handOff("iris", "loom", 1);
    await deliver();
    expect(withdraw("iris", list("iris")[0].handoff)).toMatchObject({
      code: 1,
      err: expect.stringContaining("it is delivered"),
    });
    away.add("loom");
    handOff("iris", "loom", 2);
    await deliver();
    const [, { handoff, error }] = list("iris");
    expect(error).toBe("there is no agent loom in this tenant");
    expect(withdraw("iris", handoff)).toMatchObject({ code: 5, json: [{ status: "withdrawing" }] });
    await deliver();
    expect(task("iris", "next").json).toMatchObject([{ id: 2, subject: "second" }]);
    expect(list("iris")).toMatchObject([{ status: "delivered" }, { status: "withdrawn" }]);
    away.clear();
    await deliver();
    expect(task("loom", "list").json).toHaveLength(1);
  });

  test("cannot be withdrawn after it has arrived without a record, and is not repeated after a rename of the sender", async () => {
    const { task, handOff, deliver, list, withdraw, run, home, renamed } = makeHost();
    task("iris", "add", "one");
    task("iris", "add", "two");
    for (const id of [1, 2]) handOff("iris", "loom", id);
    await deliver(async (agent, step, input) => {
      if (step === "settle") throw new Error("killed");
      return run(agent, step, input);
    }).catch(() => undefined);
    expect(list("iris")).toMatchObject([{ status: "waiting" }, { status: "waiting" }]);
    withdraw("iris", list("iris")[0].handoff);
    rmSync(home("arc"), { recursive: true });
    renameSync(home("iris"), home("arc"));
    renamed.set("iris", "arc");
    await deliver();
    expect(list("arc")).toMatchObject([{ status: "delivered" }, { status: "delivered" }]);
    expect(task("loom", "list").json).toHaveLength(2);
  });

  test("reaches an agent by its current name", async () => {
    const { task, handOff, deliver, renamed } = makeHost();
    task("iris", "add", "one");
    handOff("iris", "loom", 1);
    renamed.set("loom", "arc");
    await deliver();
    expect(task("arc", "list").json).toMatchObject([{ subject: "one" }]);
  });

  test("waits if its sender sends too many handoffs, and the handoffs of other agents arrive", async () => {
    const { task, handOff, deliver, home, saved } = makeHost([]);
    withQueue(join(home("loom"), ".muster/tasks.db"), [], "loom", (db) => {
      db.exec("BEGIN");
      for (let i = 0; i < 1000; i += 1)
        db.prepare("INSERT INTO tasks (key, subject) VALUES (?, 'x')").run(`handoff/iris/${i}`);
      db.exec("COMMIT");
    });
    task("iris", "add", "one more");
    task("arc", "add", "from arc");
    handOff("iris", "loom", 1);
    handOff("arc", "loom", 1);
    await deliver();
    expect(saved.get("iris")?.error).toContain("1000 tasks from iris are pending");
    expect(task("arc", "list").json).toMatchObject([{ status: "handed-off" }]);
  });

  test("creates no queue for an agent that has no queue", async () => {
    const { deliver, home } = makeHost();
    await deliver();
    expect(AGENTS.filter((agent) => existsSync(join(home(agent), ".muster")))).toEqual([]);
  });
});

test(`${2 * EACH} handoffs in both directions under ${KILLS} random kills arrive, each exactly once (seed ${seed})`, async () => {
  const { dir, home, task } = makeHost([]);
  const db = (agent: string) => join(home(agent), ".muster/tasks.db");
  const source = join(import.meta.dirname, "../../../src/host");
  const script = join(dir, "courier.mjs");
  const from = (path: string) => JSON.stringify(join(source, path));
  writeFileSync(
    script,
    `import { deliverHandoffs } from ${from("handoff/deliver-handoffs.ts")};
     import { STEPS } from ${from("handoff/handoff-step.ts")};
     const courier = {
       nameNow: (name) => name,
       save: () => {},
       run: async (name, step, input) => STEPS[step]({ name, home: ${JSON.stringify(dir)} + "/" + name, routes: [] }, input),
     };
     await Promise.all(["iris", "loom"].map((name) => deliverHandoffs(courier, { name, formerly: [] })));`,
  );
  for (const [agent, target] of [
    ["iris", "loom"],
    ["loom", "iris"],
  ] as const)
    withQueue(db(agent), [], agent, (queue) => {
      for (let i = 0; i < EACH; i += 1)
        addTask(queue, { key: `${agent}-${i}`, subject: `${agent}-${i}`, description: "", priority: 5 });
      queue.exec(`INSERT INTO handoffs (id, task_id, target, subject, description, priority)
        SELECT lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4000-8000-' || hex(randomblob(6))), id, '${target}', subject, '', 5 FROM tasks;
        UPDATE tasks SET status = 'handing-off'`);
    });
  let random = seed;
  const next = () => {
    random = (random * 1_103_515_245 + 12_345) % 2 ** 31;
    return random / 2 ** 31;
  };
  const states = (agent: string) =>
    withQueue(db(agent), [], agent, (queue) => listTasks(queue, 2000)).map(({ key, subject, status }) => ({
      ...{ isOwn: key?.startsWith(agent) === true, subject, status },
    }));
  const received = (agent: string) =>
    states(agent)
      .filter(({ isOwn }) => !isOwn)
      .map(({ subject }) => subject);
  const closed = (agent: string) =>
    states(agent)
      .filter(({ isOwn, status }) => isOwn && status === "handed-off")
      .map(({ subject }) => subject);
  for (let kills = 0; kills < KILLS; kills += 1) {
    await killedAfter(spawn(process.execPath, ["--no-warnings", script]), 60 + next() * 240);
    for (const [agent, target] of [
      ["iris", "loom"],
      ["loom", "iris"],
    ] as const)
      expect(received(target)).toEqual(expect.arrayContaining(closed(agent)));
  }
  for (let runs = 0; runs < 3; runs += 1)
    await killedAfter(spawn(process.execPath, ["--no-warnings", script]), 60_000);
  const names = (agent: string) => Array.from({ length: EACH }, (_, i) => `${agent}-${i}`).sort();
  expect(received("loom").sort()).toEqual(names("iris"));
  expect(received("iris").sort()).toEqual(names("loom"));
  expect([...closed("iris"), ...closed("loom")]).toHaveLength(2 * EACH);
  expect(task("iris", "list", "--status", "handing-off").json).toEqual([]);
}, 120_000);

/** Kills a process after some milliseconds, and waits until the process has ended. */
async function killedAfter(child: ChildProcess, milliseconds: number): Promise<void> {
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const end = new AbortController();
  const timer = setTimeout(milliseconds, undefined, { signal: end.signal }).then(
    () => child.kill("SIGKILL"),
    () => {},
  );
  await ended;
  end.abort();
  await timer;
}
