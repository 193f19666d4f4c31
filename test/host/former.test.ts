import { spawn } from "node:child_process";
import { chownSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { copyAtTakeOver } from "../../src/host/copies/copy-data.ts";
import { requestContext } from "../../src/host/request-context.ts";
import { type RunProgram, runProgram } from "../../src/host/system/run-program.ts";
import { formerStates, stopFormer } from "../../src/host/units/former-units.ts";
import { keepSessionStart, readSession } from "../../src/host/units/tmux-session.ts";
import type { CopyItem, Items } from "../../src/model/items.ts";
import { book, drift, IRIS, makeAgentWorld, makeWorld, type World } from "./world.ts";

const { uid } = userInfo();

/** Starts a tmux server of iris with two sessions. */
function tmux(): { world: World; socket: string; former(name: string): object & { name: string } } {
  const world = makeWorld();
  const socket = join(world.dir, "tmux");
  const run = (...args: string[]) => runProgram("tmux", ["-S", socket, "-f", "/dev/null", ...args]);
  run("new-session", "-d", "-s", "one", "-c", world.dir, "-e", "K=a b", 'sleep 1000; echo "x"');
  run("new-session", "-d", "-s", "two", "sleep", "1001");
  onTestFinished(() => void run("kill-server"));
  return { world, socket, former: (name) => ({ name, user: "iris", manager: "tmux", socket }) as const };
}

describe("a tmux session", () => {
  test("is observed, and ends without the other sessions of its tmux server", () => {
    const { world, former } = tmux();
    const states = () => formerStates(world.host, [former("one"), former("two"), former("on")]);
    expect(states().map(({ running }) => running)).toEqual([true, true, false]);
    const pid = readSession(world.host, former("one"))?.panes[0]?.pid;
    stopFormer(world.host, former("one"));
    expect(states().map(({ running }) => running)).toEqual([false, true, false]);
    expect(existsSync(`/proc/${pid}`)).toBe(false);
  });

  test("can be restored with the command, the folder and the variables with which it was started", () => {
    const { world, former } = tmux();
    keepSessionStart(world.host, former("one"));
    const [file = ""] = runProgram("find", [`${world.host.paths.hostd}/sessions`, "-type", "f"]).stdout.split(
      "\n",
    );
    expect(JSON.parse(readFileSync(file, "utf8"))).toEqual({
      workdir: world.dir,
      command: '"sleep 1000; echo \\"x\\""',
      environment: ["K=a b"],
    });
    expect(runProgram("stat", ["-c", "%a", file]).stdout.trim()).toBe("600");
  });

  test("is not taken over if Muster would not be able to restore it", () => {
    const { world, socket, former } = tmux();
    runProgram("tmux", ["-S", socket, "split-window", "-d", "-t", "two", "sleep 5"]);
    expect(() => keepSessionStart(world.host, former("two"))).toThrow(/it has 2 panes/);
    runProgram("tmux", ["-S", socket, "new-session", "-d", "-s", "three"]);
    expect(() => keepSessionStart(world.host, former("three"))).toThrow(/started from a shell in the pane/);
  });

  test("counts as not running if its socket is missing, and causes an error if another file is at the path of the socket", () => {
    const { world, socket } = tmux();
    const at = (path: string) => ({ name: "one", user: "iris", manager: "tmux", socket: path }) as const;
    expect(readSession(world.host, at(join(world.dir, "none")))).toBeUndefined();
    writeFileSync(join(world.dir, "file"), "");
    symlinkSync(socket, join(world.dir, "link"));
    for (const name of ["file", "link"])
      expect(() => readSession(world.host, at(join(world.dir, name)))).toThrow(/its path is not a socket/);
  });

  test("causes an error if a program other than tmux answers on its socket", async () => {
    const world = makeWorld();
    const socket = join(world.dir, "other");
    const script = `require("node:net").createServer((one) => one.end("hello")).listen(${JSON.stringify(socket)})`;
    const server = spawn(process.execPath, ["-e", script]);
    onTestFinished(() => void server.kill());
    await expect.poll(() => existsSync(socket)).toBe(true);
    const former = { name: "one", user: "iris", manager: "tmux", socket } as const;
    expect(() => readSession(world.host, former)).toThrow(/tmux session one of iris/);
  });

  test.runIf(uid === 0)("causes an error if its socket belongs to another user", () => {
    const { world, socket, former } = tmux();
    chownSync(socket, 61_001, 61_001);
    expect(() => readSession(world.host, former("one"))).toThrow(/the socket does not belong to iris/);
  });
});

function errorOf(work: () => void): string {
  try {
    work();
    return "";
  } catch (error) {
    return `${error}`;
  }
}

/** Simulates `systemctl` on a host on which no unit is running or enabled. */
const noUnits: RunProgram = (program, args, options) => {
  if (program !== "systemctl") return runProgram(program, args, options);
  const units = args.slice(args.indexOf("--") + 1);
  const stdout = args[0] === "show" ? units.map(() => "ActiveState=inactive\n").join("\n") : "";
  return { status: 0, stdout, stderr: "" };
};

describe("the data of an agent of another account", () => {
  /** Returns data of `dev`. This user is the same as iris, because a test can run without root privileges. */
  function agent(more: Partial<CopyItem> = {}) {
    const world = makeAgentWorld(noUnits);
    const from = join(world.dir, "home/dev/iris");
    mkdirSync(from, { recursive: true });
    writeFileSync(join(from, "notes"), "one\n");
    const to = join(world.home(), "work");
    const item: CopyItem = {
      ...{ kind: "copy", from, to, actor: "iris", owners: "iris", unit: "muster-agent-iris.service" },
      want: { copied: "at adoption" },
      ...more,
    };
    return { world, from, to, items: { "unit:copy of it": item } as Items, item };
  }

  test("is copied at the adoption, and its later changes are not drift", () => {
    const { world, from, to, items } = agent();
    expect(world.up(items).changed).toEqual(["unit:copy of it.copied"]);
    expect(readFileSync(join(to, "notes"), "utf8")).toBe("one\n");
    writeFileSync(join(from, "notes"), "one\ntwo\n");
    expect(drift(world.observe(items))).toEqual({});
    expect(world.up(items).changed).toEqual([]);
    expect(readFileSync(join(to, "notes"), "utf8")).toBe("one\n");
  });

  test("is copied again when the take-over is declared, with the rows that fleet.yaml declares", () => {
    const { world, from, to, items, item } = agent();
    const contacts = book(join(to, "contacts.db"), { ada: { type: "human" } });
    world.up({ ...items, "contacts:contacts.db": contacts.item }, { contents: contacts.contents });
    writeFileSync(join(from, "notes"), "one\ntwo\n");
    const now = { ...item, want: { copied: "at take-over" } } as const;
    const all = { "unit:copy of it": now, "contacts:contacts.db": contacts.item };
    world.up(all, { contents: contacts.contents });
    expect(readFileSync(join(to, "notes"), "utf8")).toBe("one\ntwo\n");
    expect(drift(world.observe(all, contacts.contents))).toEqual({});
  });

  /** Records that a take-over of iris has begun, as `up` does before it stops the former units. */
  function beginTakeOver({ host }: World) {
    mkdirSync(`${host.paths.hostd}/take-overs`, { recursive: true });
    const takeOver = {
      unit: "muster-agent-iris.service",
      former: [],
      since: new Date().toISOString(),
      by: "",
    };
    writeFileSync(`${host.paths.hostd}/take-overs/${takeOver.unit}.json`, JSON.stringify(takeOver));
  }

  test("is copied again during a take-over, so that no later change is lost", () => {
    const { world, from, to, items, item } = agent();
    world.up(items);
    writeFileSync(join(from, "notes"), "one\ntwo\n");
    copyAtTakeOver(requestContext(world.host), item.unit);
    expect(readFileSync(join(to, "notes"), "utf8")).toBe("one\n");
    beginTakeOver(world);
    copyAtTakeOver(requestContext(world.host), item.unit);
    expect(readFileSync(join(to, "notes"), "utf8")).toBe("one\ntwo\n");
  });

  test("prevents a take-over if another process still writes to this data", async () => {
    const { world, from, items, item } = agent();
    world.up(items);
    beginTakeOver(world);
    writeFileSync(join(from, "log"), Buffer.alloc(20_000_000));
    const writer = spawn("sh", ["-c", `while :; do echo x >>${join(from, "log")}; done`]);
    onTestFinished(() => void writer.kill());
    const copying = () => copyAtTakeOver(requestContext(world.host), item.unit);
    await expect
      .poll(() => errorOf(copying), { timeout: 20_000 })
      .toMatch(/log still changes, although the former unit/);
  });

  test.each<[string, Partial<CopyItem>, RegExp]>([
    ["it does not exist", { from: "/nowhere/x" }, /it does not exist, or a link is on the way to it/],
    [
      "the former units run as another user",
      { owners: "dev root2" },
      /the units in `replaces` run as dev, root2/,
    ],
  ])("is not copied if %s, and the other parts of the agent are applied", (_what, more, reason) => {
    const { world, items, to } = agent(more);
    const soul = world.file(join(world.home(), "SOUL.md"), "# Iris\n");
    const { failures } = world.up({ ...items, "identity:SOUL.md": soul });
    expect(failures?.map(({ part, error }) => [part, error.why])).toEqual([
      ["unit", expect.stringMatching(reason)],
    ]);
    expect([existsSync(to), existsSync(soul.path)]).toEqual([false, true]);
  });

  test("is not copied if a link is in its path", () => {
    const { world, from, items, item } = agent();
    symlinkSync(join(world.dir, "home/dev"), join(world.dir, "home/link"));
    const link = { ...item, from: from.replace("/dev/", "/link/") };
    const { failures } = world.up({ "unit:copy of it": link });
    expect(failures?.[0]?.error.why).toMatch(/a link is on the way/);
    expect(Object.keys(items)).toHaveLength(1);
  });

  test("is not copied if the disk does not have enough space", () => {
    const { world, from, items } = agent();
    runProgram("truncate", ["-s", "8T", join(from, "huge")]);
    const { failures } = world.up(items);
    expect(failures?.[0]?.error.why).toMatch(
      /GiB, and the disk of .* has only .* GiB free|at most 16\.0 GiB/,
    );
    expect(existsSync(join(world.home(), "work/huge"))).toBe(false);
  });

  test("is not copied over a home that has arrived from another host", () => {
    const { world, items } = agent();
    mkdirSync(`${world.host.paths.hostd}/copies/muster-agent-iris.service`, { recursive: true });
    writeFileSync(`${world.host.paths.hostd}/copies/muster-agent-iris.service/arrived`, "");
    expect(drift(world.observe(items))).toEqual({});
    expect(IRIS.uid).toBe(uid);
  });
});
