import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { makeTwoHosts } from "./two-hosts.ts";

const NORTH = { east: { iris: "north" }, west: { loom: "north", arc: "north" } };

describe("a handoff to another host", () => {
  test("arrives once, and is closed only after it has arrived", async () => {
    const { task, handOff, deliver, cut, saved } = makeTwoHosts();
    task("iris", "add", "write a poem");
    expect(handOff("iris", "loom", 1)).toMatchObject({ code: 5, json: [{ to: "loom", status: "waiting" }] });
    cut.add("east");
    await deliver("iris");
    expect(saved.get("iris")).toMatchObject({ waiting: 1, error: "No route to host" });
    expect(task("iris", "list").json).toMatchObject([{ status: "handing-off" }]);
    cut.clear();
    for (let i = 0; i < 3; i += 1) await deliver("iris");
    expect(task("loom", "list").json).toMatchObject([{ subject: "write a poem" }]);
    expect(task("iris", "list").json).toMatchObject([{ status: "handed-off" }]);
  });

  test("is refused if the other host does not know the sender, or if the sender belongs to another tenant or host", async () => {
    const { ask } = makeTwoHosts({
      east: { iris: "north", zed: "south" },
      west: { loom: "north", sue: "south" },
    });
    const to = (source: string, target: string, tenant?: string) =>
      ask("east", { op: "handoffs", source, target, handoffs: [] }, tenant);
    await expect(to("iris", "loom")).resolves.toEqual([]);
    await expect(to("loom", "loom")).rejects.toThrow("north has no agent loom on east");
    await expect(to("nobody", "loom")).rejects.toThrow("north has no agent nobody on east");
    await expect(to("zed", "sue")).rejects.toThrow("north has no agent zed on east");
    await expect(to("zed", "loom", "south")).rejects.toThrow("south has no agent loom on this host");
    await expect(to("zed", "sue", "south")).resolves.toEqual([]);
    for (const request of [null, 7, "x", [], {}, { op: "serve" }, { op: "handoffs", source: {}, target: [] }])
      await expect(ask("east", request)).rejects.toThrow("another version of Muster");
  });

  test("has a key with the name of its sender, whatever the other host sends", async () => {
    const { ask, task } = makeTwoHosts();
    const handoff = { id: randomUUID(), target: "arc", subject: "a", description: "", priority: 5 };
    await ask("east", {
      ...{ op: "handoffs", source: "iris", target: "loom" },
      handoffs: [{ ...handoff, key: "x", source: "arc" }, { ...handoff, id: "../x" }, null],
    });
    expect(task("loom", "list").json).toMatchObject([{ key: `handoff/iris/${handoff.id}`, subject: "a" }]);
    expect(task("arc", "list").json).toEqual([]);
  });

  test("can have texts that begin with a dash", async () => {
    const { task, handOff, deliver } = makeTwoHosts();
    expect(task("iris", "add", "list", "--description", "- one\n- two").code).toBe(0);
    handOff("iris", "loom", 1, "--artifacts", "--all of them");
    await deliver("iris");
    const [received] = task("loom", "list").json;
    expect(received.description).toContain("--all of them");
    expect(received.description).toContain("list\n- one\n- two");
  });

  test("with a new task goes to the agent that is allowed to do it", async () => {
    const { task, deliver } = makeTwoHosts();
    expect(task("iris", "add", "git push the release")).toMatchObject({ code: 3, json: [{ to: "arc" }] });
    const add = ["add", "git push the release", "--to", "arc", "--key", "release-7", "--wait", "0"];
    expect(task("iris", ...add)).toMatchObject({
      code: 5,
      json: [{ task: 1, to: "arc", status: "waiting" }],
    });
    await deliver("iris");
    expect(task("iris", ...add)).toMatchObject({ code: 0, json: [{ status: "delivered", remoteTask: 1 }] });
    expect(task("arc", "next").json).toMatchObject([{ subject: "git push the release" }]);
    expect(task("iris", "list").json).toMatchObject([{ status: "handed-off" }]);
    expect(task("iris", "add", "git push", "--to", "loom")).toMatchObject({ code: 3, json: [{ to: "arc" }] });
    expect(task("iris", "add", "x", "--to", "nobody")).toMatchObject({
      code: 1,
      err: expect.stringContaining("loom, arc"),
    });
    expect(task("iris", "list").json).toHaveLength(1);
  });
});

describe("an overloaded queue", () => {
  test("sends new tasks to its overflow, except for tasks that the overflow must not do", async () => {
    const { task, deliver } = makeTwoHosts(
      { east: { arc: "north" }, west: { loom: "north" } },
      { arc: { soft: 2, hard: 7, overflow: "loom" } },
    );
    const add = (subject: string) => task("arc", "add", subject, "--wait", "0");
    expect([add("a"), add("b")]).toMatchObject([{ json: [{ id: 1 }] }, { json: [{ id: 2 }] }]);
    expect(add("c")).toMatchObject({ code: 5, json: [{ to: "loom", status: "waiting" }] });
    await deliver("arc");
    expect(task("loom", "list").json).toMatchObject([{ subject: "c" }]);
    expect(add("git push").json).toMatchObject([{ id: 4 }]);
    // An active task counts as five pending tasks.
    task("arc", "next");
    expect(add("git push again")).toMatchObject({
      code: 1,
      err: expect.stringContaining("the queue of arc is full"),
    });
    task("arc", "done", "1");
    task("arc", "done", "2");
    expect(add("d").json).toMatchObject([{ id: expect.any(Number) }]);
  });

  test("lets the tasks of other agents wait in their queues until it takes tasks again", async () => {
    const { task, handOff, deliver, saved } = makeTwoHosts(undefined, { loom: { hard: 1 } });
    for (const one of ["a", "b"]) task("iris", "add", one);
    for (const id of [1, 2]) handOff("iris", "loom", id);
    await deliver("iris");
    expect(saved.get("iris")).toMatchObject({ waiting: 1, error: "the queue of loom: it is full" });
    expect(task("iris", "list").json).toMatchObject([{ status: "handed-off" }, { status: "handing-off" }]);
    task("loom", "next");
    task("loom", "done", "1");
    await deliver("iris");
    expect(task("loom", "list").json).toMatchObject([{ subject: "a" }, { subject: "b" }]);
  });
});

describe("bad input does not harm another agent:", () => {
  test.each([
    ["a symlink", (path: string) => symlinkSync("/etc/passwd", path)],
    ["a fifo", (path: string) => execFileSync("mkfifo", [path])],
    ["garbage", (path: string) => writeFileSync(path, "x".repeat(9000))],
    ["a folder", (path: string) => mkdirSync(path)],
  ])("a queue replaced by %s", async (_, replace) => {
    const { task, handOff, deliver, home, saved } = makeTwoHosts();
    for (const one of ["a", "b"]) task("iris", "add", one);
    mkdirSync(join(home("loom"), ".muster"));
    replace(join(home("loom"), ".muster/tasks.db"));
    handOff("iris", "loom", 1);
    handOff("iris", "arc", 2);
    await deliver("iris");
    expect(saved.get("iris")).toMatchObject({ waiting: 1, error: expect.stringMatching(/tasks\.db/) });
    expect(task("loom", "list")).toMatchObject({ code: 1, err: expect.stringMatching(/Move it away/) });
    expect(task("arc", "list").json).toMatchObject([{ subject: "b" }]);
    rmSync(join(home("loom"), ".muster"), { recursive: true });
    await deliver("iris");
    expect(task("loom", "list").json).toMatchObject([{ subject: "a" }]);
  });

  test("a task of 1 MB", async () => {
    const { task, handOff, deliver } = makeTwoHosts();
    // In JSON, each of these characters needs 6 bytes.
    const text = "\u0001".repeat(2 ** 20 - 1000);
    expect(task("iris", "add", "big", "--description", text).code).toBe(0);
    handOff("iris", "loom", 1);
    await deliver("iris");
    const [received] = task("loom", "list").json;
    expect(received.description).toContain(text);
    expect(task("iris", "add", "big", "--description", `${text}${"x".repeat(1001)}`)).toMatchObject({
      code: 1,
      err: expect.stringContaining("larger than 1 MiB"),
    });
  });

  test("a task with NUL", async () => {
    const { task, ask } = makeTwoHosts();
    expect(task("iris", "add", "a\0b")).toMatchObject({ code: 1, err: expect.stringContaining("NUL") });
    const handoff = { id: randomUUID(), target: "loom", subject: "a\0b", description: "", priority: 5 };
    const good = { ...handoff, id: randomUUID(), subject: "c" };
    const request = { op: "handoffs", source: "iris", target: "loom", handoffs: [handoff, good] };
    expect(await ask("east", request)).toMatchObject([
      { id: handoff.id, error: expect.stringContaining("CHECK constraint") },
      { id: good.id, remoteId: expect.any(Number) },
    ]);
    expect(task("loom", "list").json).toMatchObject([{ subject: "c" }]);
  });

  test("a task with text that is slow to match", async () => {
    const { task, handOff, deliver } = makeTwoHosts();
    const texts = ["git ".repeat(200_000), "-".repeat(900_000), "git pus".repeat(120_000)];
    const start = Date.now();
    for (const text of texts) expect(task("iris", "add", "x", "--description", text).code).toBe(0);
    for (const id of [1, 2, 3]) handOff("iris", "loom", id);
    await deliver("iris");
    expect(Date.now() - start).toBeLessThan(30_000);
    expect(task("loom", "list").json).toHaveLength(3);
  });

  test("a peer that sends a million messages", async () => {
    const { task, handOff, deliver, ask, queue } = makeTwoHosts({
      east: { iris: "north", ivy: "north" },
      west: { loom: "north" },
    });
    const send = (count: number) =>
      ask("east", {
        ...{ op: "handoffs", source: "iris", target: "loom" },
        handoffs: Array.from({ length: count }, () => ({
          ...{ id: randomUUID(), target: "loom", subject: "x", description: "", priority: 5 },
        })),
      });
    await expect(send(10_000)).rejects.toThrow("more than 20 handoffs at once");
    queue("loom", (db) => {
      const numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 990)";
      db.exec(`${numbers} INSERT INTO tasks (key, subject) SELECT 'handoff/iris/' || i, 'x' FROM n`);
    });
    const answers = (await send(20)) as object[];
    expect(answers.filter((one) => "remoteId" in one)).toHaveLength(10);
    expect(JSON.stringify(await send(20))).toContain("1000 tasks from iris are pending");
    expect(task("loom", "list", "--last", "5000").json).toHaveLength(1000);
    task("ivy", "add", "from ivy");
    handOff("ivy", "loom", 1);
    await deliver("ivy");
    expect(task("ivy", "list").json).toMatchObject([{ status: "handed-off" }]);
  });

  test("a handoff to an agent that is gone", async () => {
    const { task, handOff, deliver, up, saved } = makeTwoHosts();
    for (const one of ["a", "b"]) task("iris", "add", one);
    for (const id of [1, 2]) handOff("iris", "loom", id);
    const left = { east: NORTH.east, west: { arc: "north" } };
    up("west", left);
    await deliver("iris");
    expect(saved.get("iris")).toMatchObject({ waiting: 2, error: "north has no agent loom on this host" });
    up("east", left);
    await deliver("iris");
    expect(saved.get("iris")?.error).toBe("there is no agent loom in this tenant");
    expect(task("iris", "list").json).toMatchObject([{ status: "handing-off" }, { status: "handing-off" }]);
  });

  test("a handoff to an agent that is renamed", async () => {
    const { task, handOff, deliver, up, home, ask } = makeTwoHosts();
    for (const one of ["a", "b"]) task("iris", "add", one);
    handOff("iris", "loom", 1);
    const west = { weaver: "north", arc: "north" };
    renameSync(home("loom"), home("weaver"));
    // The other host has been updated, but this host still sends to the former name.
    up("west", { east: NORTH.east, west }, { loom: "weaver" });
    await deliver("iris");
    expect(task("weaver", "list").json).toMatchObject([{ subject: "a" }]);
    handOff("iris", "loom", 2);
    up("east", { east: NORTH.east, west }, { loom: "weaver" });
    await deliver("iris");
    expect(task("weaver", "list").json).toMatchObject([{ subject: "a" }, { subject: "b" }]);
    await expect(
      ask("east", { op: "handoffs", source: "ivy", target: "loom", handoffs: [] }),
    ).rejects.toThrow("no agent ivy");
  });

  test("a handoff to an agent that has moved", async () => {
    const { task, handOff, deliver, up, saved } = makeTwoHosts();
    task("iris", "add", "a");
    handOff("iris", "loom", 1);
    const moved = { east: { iris: "north", loom: "north" }, west: { arc: "north" } };
    up("west", moved);
    await deliver("iris");
    expect(saved.get("iris")).toMatchObject({ waiting: 1, error: "north has no agent loom on this host" });
    up("east", moved);
    await deliver("iris");
    expect(task("loom", "list").json).toMatchObject([{ subject: "a" }]);
    expect(task("iris", "list").json).toMatchObject([{ status: "handed-off" }]);
  });

  test("a handoff of an agent that was renamed or moved arrives only once", async () => {
    const { task, handOff, up, home, ask, list, deliver } = makeTwoHosts();
    task("iris", "add", "a");
    handOff("iris", "loom", 1);
    const [{ handoff: id }] = list("iris");
    const handoff = { id, target: "loom", subject: "a", description: "", priority: 5 };
    // The task arrives, but the sender does not learn this.
    await ask("east", { op: "handoffs", source: "iris", target: "loom", handoffs: [handoff] });
    const west = { loom: "north", arc: "north", ivy: "north" };
    renameSync(home("iris"), home("ivy"));
    for (const side of ["east", "west"] as const) up(side, { east: {}, west }, { iris: "ivy" });
    await deliver("ivy");
    expect(task("loom", "list").json).toHaveLength(1);
    expect(task("ivy", "list").json).toMatchObject([{ status: "handed-off", result: expect.any(String) }]);
  });

  test("clocks an hour apart", async () => {
    const { task, handOff, deliver, queue } = makeTwoHosts();
    for (const one of ["a", "b"]) task("iris", "add", one);
    queue("iris", (db) => db.exec("UPDATE tasks SET created_at = '2099-01-01T00:00:00.000Z' WHERE id = 1"));
    for (const id of [1, 2]) handOff("iris", "loom", id);
    queue("iris", (db) => {
      db.exec("UPDATE handoffs SET created_at = '2099-01-01T00:00:00.000Z' WHERE task_id = 1");
      db.exec("UPDATE handoffs SET created_at = '1999-01-01T00:00:00.000Z' WHERE task_id = 2");
    });
    await deliver("iris");
    expect(task("loom", "list").json).toMatchObject([{ subject: "a" }, { subject: "b" }]);
    expect(task("loom", "next").json).toMatchObject([{ subject: "a" }]);
  });
});
