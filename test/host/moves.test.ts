import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Host } from "../../src/host/context.ts";
import { settle } from "../../src/host/moves/complete-or-cancel.ts";
import { readMarks } from "../../src/host/moves/move-state.ts";
import { arrive, leave } from "../../src/host/moves/prepare.ts";
import { pack, unpack } from "../../src/host/moves/transfer.ts";
import { converge } from "../../src/host/reconcile/converge.ts";
import { observe } from "../../src/host/reconcile/observe.ts";
import { removeResource } from "../../src/host/reconcile/remove.ts";
import { control } from "../../src/host/reports/control.ts";
import { history } from "../../src/host/reports/history.ts";
import { quarantine, readQuarantine, release } from "../../src/host/units/quarantine.ts";
import { secretDigest } from "../../src/model/digest.ts";
import { agentUnit } from "../../src/model/host-paths.ts";
import type { Items } from "../../src/model/items.ts";
import { IRIS, makeWorld, OWNER, type World } from "./world.ts";

const UNIT = agentUnit("iris");

/** The name of a file that a hostile archive tries to write outside the home. */
const NAME = `${process.pid}-stolen`;

/** Returns two hosts with real files and real tar archives. The old host's systemd knows the agent's unit. */
function twoHosts() {
  const [east, west] = [makeWorld(), makeWorld()];
  const calls: string[] = [];
  const on = (world: World): Host => ({
    ...world.host,
    run: (program, args, options) => {
      if (program !== "systemctl") return world.host.run(program, args, options);
      calls.push(`${world === east ? "east" : "west"} ${args[0]}`);
      const state = "LoadState=loaded\nActiveState=inactive\nSubState=dead\nJob=\nResult=success";
      return { status: 0, stdout: state, stderr: "" };
    },
  });
  return { east, west, old: on(east), now: on(west), calls };
}

function itemsOf(world: World): Items {
  const want = { type: "directory", owner: "iris", group: "iris", mode: "0700" } as const;
  // The sibling has the same user. Otherwise, a removal would end all processes of the user who runs the test.
  return { "identity:home": { kind: "directory", path: world.home(), onRemove: "aside", want } };
}

function declare(host: Host, world: World): void {
  converge(host, {
    op: "converge",
    id: "east/iris/agent",
    type: "Agent",
    owner: OWNER,
    items: itemsOf(world),
    contents: {},
    secrets: {},
  });
}

/** Declares another agent with the same user, so that a move ends no processes. */
function declareSibling(host: Host, world: World): void {
  const want = { type: "directory", owner: "iris", group: "iris", mode: "0700" } as const;
  const items: Items = {
    "identity:home": { kind: "directory", path: join(world.dir, "home/loom"), onRemove: "keep", want },
  };
  converge(host, {
    op: "converge",
    id: "east/loom/agent",
    type: "Agent",
    owner: OWNER,
    items,
    contents: {},
    secrets: {},
  });
}

function rig() {
  const worlds = twoHosts();
  const { east, west, old, now } = worlds;
  declare(old, east);
  declareSibling(old, east);
  fill(east.home());
  const from = { id: "east/iris/agent", owner: OWNER } as const;
  const to = {
    id: "west/iris/agent",
    owner: OWNER,
    type: "Agent",
    items: itemsOf(west),
    from: "east",
  } as const;
  const arriving = (move?: string) =>
    arrive(now, { op: "arrive", ...to, ...(move !== undefined && { move }) });
  const leaving = () => leave(old, { op: "leave", ...from, to: "west" });
  const bytes = async (move: string) => {
    const all = [];
    for (let piece = await pack(old, { op: "pack", ...from, move, first: true }); ; ) {
      all.push(piece);
      if (piece.sum !== undefined) return all;
      piece = await pack(old, { op: "pack", ...from, move, first: false });
    }
  };
  const put = async (move: string, pieces: Awaited<ReturnType<typeof bytes>>) => {
    for (const piece of pieces) await unpack(now, { op: "unpack", id: to.id, move, ...piece });
  };
  const settled = (where: "old" | "now", move: string, outcome: "arrived" | "failed" = "arrived") =>
    settle(where === "old" ? old : now, {
      op: "settle",
      id: where === "old" ? from.id : to.id,
      move,
      outcome,
      history: [{ time: "2026-01-02T03:04:05.678Z", event: "died", agent: "mallory" }],
    }).state;
  return { ...worlds, from, to, arriving, leaving, bytes, put, settled };
}

function fill(home: string): void {
  mkdirSync(join(home, "notes"));
  writeFileSync(join(home, "notes/new\nline"), "one");
  writeFileSync(join(home, "notes/big"), Buffer.alloc(5_000_000, "muster"));
  utimesSync(join(home, "notes/big"), 981_173_106, 981_173_106);
  chmodSync(join(home, "notes/big"), 0o640);
  symlinkSync("/etc/shadow", join(home, "notes/away"));
  execFileSync("mkfifo", [join(home, "notes/fifo")]);
  chmodSync(join(home, "notes"), 0o750);
}

/** Returns the names, modes, times and contents of all files in a home. */
function filesIn(home: string): string[] {
  return readdirSync(home, { recursive: true, encoding: "utf8" })
    .sort()
    .map((name) => {
      const stat = lstatSync(join(home, name));
      const text = stat.isSymbolicLink() ? readlinkSync(join(home, name)) : "";
      const sum = stat.isFile()
        ? createHash("md5")
            .update(readFileSync(join(home, name)))
            .digest("hex")
        : text;
      return `${name} ${stat.mode.toString(8)} ${stat.isFile() ? stat.mtimeMs : ""} ${sum}`;
    });
}

describe("a move of an agent", () => {
  test("takes the newest login along, so that an old source does not replace it on the new host", async () => {
    const { east, west, old, now, arriving, leaving, bytes, put } = rig();
    const text = (token: string) => JSON.stringify({ refresh_token: token });
    const items = (world: World, source: string): Items => {
      const path = `${world.home()}/login.json`;
      const { want, ...file } = world.file(path, "", { secret: "file:login.json" });
      const content = secretDigest(path, text(source));
      const login = {
        ...file,
        login: true,
        write: "adopt",
        want: { ...want, content, account: "as declared" },
      } as const;
      return { ...itemsOf(world), "credentials:login": login };
    };
    const up = (host: Host, world: World, id: string, source: string) =>
      converge(host, {
        ...{ op: "converge", id, type: "Agent", owner: OWNER, items: items(world, source), contents: {} },
        secrets: { "credentials:login": text(source) },
      });
    up(old, east, "east/iris/agent", "first");
    up(old, east, "east/iris/agent", "second");
    writeFileSync(`${east.home()}/login.json`, text("renewed"));
    arriving();
    const { move, logins = {} } = leaving();
    expect(JSON.stringify(logins)).not.toMatch(/first|second|renewed/);
    arriving(move);
    await put(move, await bytes(move));
    settle(old, { op: "settle", id: "east/iris/agent", move, outcome: "arrived" });
    // The paths of the homes, which are the salt of the digests, are the same on real hosts.
    const records = Object.values(logins).map((record) => ({
      ...record,
      sources: ["first", "second"].map((source) => secretDigest(`${west.home()}/login.json`, text(source))),
    }));
    const sent = Object.fromEntries(records.map((record) => [`${west.home()}/login.json`, record]));
    settle(now, { op: "settle", id: "west/iris/agent", move, outcome: "arrived", logins: sent });
    up(now, west, "west/iris/agent", "first");
    expect(readFileSync(`${west.home()}/login.json`, "utf8")).toBe(text("renewed"));
    removeResource(old, { op: "remove", id: "east/iris/agent", owner: OWNER, items: {} });
    expect(existsSync(`${east.home()}/login.json`)).toBe(false);
    expect(readdirSync(`${east.host.paths.state}/logins`)).toEqual([]);
  });

  test("transfers the home unchanged and in pieces, and releases the old home only afterwards", async () => {
    const { east, west, old, now, arriving, leaving, bytes, put, settled } = rig();
    const before = filesIn(east.home());
    expect(arriving()).toEqual({ state: "open" });
    const { move, state } = leaving();
    expect(state).toBe("leaving");
    expect(readQuarantine(old, UNIT)?.reason).toBe("it is moving to west");
    expect(arriving(move)).toEqual({ state: "open" });
    const pieces = await bytes(move);
    expect(pieces.length).toBeGreaterThan(2);
    await put(move, pieces);
    expect(readMarks(now)).toMatchObject([{ agent: "iris", state: "arrived", other: "east", move }]);
    expect(settled("old", move)).toBe("gone");
    expect(settled("now", move)).toBe("over");
    expect(filesIn(west.home())).toEqual(before);
    expect(readMarks(now)).toEqual([]);
    expect(history(now, { op: "history", agent: "iris", last: 9 }).events.map(({ event }) => event)).toEqual([
      "died",
      "arrived",
    ]);
    expect(
      removeResource(old, { op: "remove", id: "east/iris/agent", owner: OWNER, items: {} }).aside,
    ).toEqual([]);
    expect(existsSync(east.home())).toBe(false);
    expect([readMarks(old), readdirSync(join(east.dir, "home"))]).toEqual([[], ["loom"]]);
    expect(readdirSync(join(west.dir, "home"))).toEqual(["iris"]);
  });

  test("is recorded on both hosts after each step, and continues from the last step after an interruption", async () => {
    const { west, old, now, arriving, leaving, bytes, put, settled, east } = rig();
    arriving();
    const { move } = leaving();
    expect(leaving().move).toBe(move);
    arriving(move);
    // The run is killed after the first piece.
    const [first] = await bytes(move);
    if (first) await unpack(now, { op: "unpack", id: "west/iris/agent", move, bytes: first.bytes });
    expect(existsSync(join(west.home(), "notes"))).toBe(false);
    expect(arriving(move)).toEqual({ state: "open" });
    await put(move, await bytes(move));
    expect(arriving(move)).toEqual({ state: "arrived" });
    expect(leaving()).toMatchObject({ state: "leaving", move });
    settled("old", move);
    expect(leaving()).toMatchObject({ state: "gone", move });
    expect(settled("old", move, "failed")).toBe("gone");
    expect(observe(old, { op: "observe", owner: OWNER }).moves).toMatchObject([
      { state: "gone", other: "west" },
    ]);
    expect(filesIn(west.home())).toEqual(filesIn(east.home()));
  });

  test("moves files that already exist at the path of the home to an archive, and reports the new path of these files", async () => {
    const { west, now, arriving, leaving, bytes } = rig();
    writeFileSync(join(west.home(), "stranger's"), "kept");
    arriving();
    const { move } = leaving();
    arriving(move);
    const pieces = await bytes(move);
    const answers = [];
    for (const piece of pieces)
      answers.push(await unpack(now, { op: "unpack", id: "west/iris/agent", move, ...piece }));
    const [aside = ""] = answers.flatMap((answer) => answer.aside);
    expect(readFileSync(join(aside, "stranger's"), "utf8")).toBe("kept");
  });
});

describe("a move of an agent that is already in quarantine", () => {
  test("leaves the agent in quarantine if the move fails", () => {
    const { old, arriving, leaving, settled } = rig();
    quarantine(old, UNIT, "5 restarts within 60 min");
    arriving();
    settled("old", leaving().move, "failed");
    expect(readQuarantine(old, UNIT)?.reason).toBe("5 restarts within 60 min");
  });

  test("starts from the beginning if somebody has released the agent, because the agent might have run since then", () => {
    const { old, arriving, leaving } = rig();
    arriving();
    const { move } = leaving();
    expect(() =>
      control(old, { op: "control", verb: "release", agent: "iris", unit: UNIT, by: "x" }),
    ).toThrow(/its move to or from west is not complete/);
    release(old, UNIT);
    expect(leaving().move).not.toBe(move);
  });
});

describe("a move with an incomplete or hostile home", () => {
  test("does not install the home, and the agent remains on the old host", async () => {
    const { west, arriving, leaving, bytes, put, settled, old, calls } = rig();
    arriving();
    const { move } = leaving();
    arriving(move);
    const pieces = await bytes(move);
    const corrupt = pieces.map((piece) =>
      piece.sum === undefined ? piece : { ...piece, sum: "0".repeat(64) },
    );
    await expect(put(move, corrupt)).rejects.toThrow(/the transferred home is corrupt/);
    expect(existsSync(join(west.home(), "notes"))).toBe(false);
    expect(settled("old", move, "failed")).toBe("over");
    expect(readQuarantine(old, UNIT)).toBeUndefined();
    // The agent did not run before the move, so it is not started.
    expect(calls).not.toContain("east start");
  });

  test.each([
    ["a name that leads out of the home", [`--transform=s#.*#../../${NAME}#`, "-P", "stolen"]],
    ["an absolute name", [`--transform=s#.*#/tmp/${NAME}#`, "-P", "stolen"]],
    ["a name below a symlink", ["--transform=s#^in/#out/#", "-P", "out", "in/stolen"]],
  ])("writes no file outside the home: %s", async (_what, args) => {
    const { west, now, arriving, leaving } = rig();
    const folder = mkdtempSync(join(west.dir, "hostile-"));
    writeFileSync(join(folder, "stolen"), "x");
    symlinkSync(west.dir, join(folder, "out"));
    mkdirSync(join(folder, "in"));
    writeFileSync(join(folder, "in/stolen"), "x");
    const tar = execFileSync("tar", ["-c", "-f", "-", ...args], { cwd: folder });
    arriving();
    const { move } = leaving();
    arriving(move);
    const sum = createHash("sha256").update(tar).digest("hex");
    const request = {
      op: "unpack",
      id: "west/iris/agent",
      move,
      bytes: tar.toString("base64"),
      sum,
    } as const;
    await unpack(now, request).catch(() => undefined);
    const found = execFileSync("find", [".", "-printf", "%P\\n"], { cwd: west.dir, encoding: "utf8" }).split(
      "\n",
    );
    const outside = found.filter((path) => path.endsWith("stolen") && !/^(hostile-|home\/iris\/)/.test(path));
    expect([outside, existsSync(join("/tmp", NAME))]).toEqual([[], false]);
  });

  test("reports the files that the agent cannot read", async () => {
    const { east, arriving, leaving, bytes } = rig();
    if (IRIS.uid === 0) return;
    writeFileSync(join(east.home(), "root's"), "x");
    chmodSync(join(east.home(), "root's"), 0o000);
    arriving();
    await expect(bytes(leaving().move)).rejects.toThrow(/root's: Cannot open: Permission denied/);
  });
});

describe("the unit of a moving agent", () => {
  const unit: Items = {
    "unit:unit": {
      kind: "unit",
      name: UNIT,
      want: { enabled: "enabled", active: "running", overrides: "none" },
    },
  };
  const start = (host: Host, id: string, more: Items = {}) =>
    converge(host, {
      op: "converge",
      id,
      type: "Agent",
      owner: OWNER,
      items: { ...more, ...unit },
      contents: {},
      secrets: {},
    });

  test("does not start on the old host after the home has left", async () => {
    const { east, old, from, arriving, leaving, bytes, put, settled } = rig();
    arriving();
    const { move } = leaving();
    arriving(move);
    await put(move, await bytes(move));
    settled("old", move);
    expect(() => start(old, from.id, itemsOf(east))).toThrow(/its home has moved to west/);
  });

  test("does not start before the home has arrived, but starts if the agent remains on its host", () => {
    const { east, old, now, from, to, arriving, leaving } = rig();
    arriving();
    leaving();
    expect(() => start(now, to.id)).toThrow(/its home has not arrived from east yet/);
    // This fake systemd starts nothing, so the unit fails.
    expect(start(old, from.id, itemsOf(east)).failures).toMatchObject([{ part: "unit" }]);
    expect([readMarks(old), readQuarantine(old, UNIT)]).toEqual([[], undefined]);
  });
});
