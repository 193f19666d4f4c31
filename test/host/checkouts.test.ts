import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { readState, storeIndex, writeState } from "../../src/host/checkouts/checkout-state.ts";
import { selfSync } from "../../src/host/checkouts/self-sync.ts";
import { settleTrials } from "../../src/host/checkouts/trials.ts";
import { type RunProgram, runProgram } from "../../src/host/system/run-program.ts";
import type { CheckoutItem, Items } from "../../src/model/items.ts";
import { AGENT, makeAgentWorld, type World } from "./world.ts";

const ENV = {
  PATH: process.env["PATH"],
  HOME: "/nonexistent",
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_AUTHOR_NAME: "arc",
  GIT_AUTHOR_EMAIL: "arc@example.org",
  GIT_COMMITTER_NAME: "arc",
  GIT_COMMITTER_EMAIL: "arc@example.org",
};

/** An agent with a repository that has two commits, and a checkout of one of them. */
interface Setting {
  readonly world: World;
  /** The units that were restarted. */
  readonly started: string[];
  /** The properties that systemd reports about every unit. */
  readonly systemd: { state: string };
  /** The checkout. */
  readonly folder: string;
  readonly first: string;
  readonly second: string;
  git(where: string, ...args: readonly string[]): string;
  /** Applies a revision, and the identity of the agent. */
  up(revision: string): void;
  /** What an observation reports about the checkout. */
  props(revision: string): Record<string, unknown>;
  text(path: string): string;
}

/** Runs real programs, but answers for systemd that all units run. */
function runningUnits(
  started: string[],
  stopsAfter: { left: number },
  systemd: { state: string },
): RunProgram {
  return (program, args, options) => {
    if (program === "git" && stopsAfter.left-- <= 0) throw new Error("stopped");
    if (program !== "systemctl") return runProgram(program, args, options);
    const units = args.slice(args.indexOf("--") + 1);
    if (args[0] === "restart") started.push(...units);
    return {
      status: 0,
      stdout: args[0] === "show" ? units.map(() => `${systemd.state}\n\n`).join("") : "",
      stderr: "",
    };
  };
}

const RUNS = "ActiveState=active\nSubState=running\nJob=\nMainPID=1\nActiveEnterTimestampMonotonic=1000000";
const RESTARTS =
  "ActiveState=activating\nSubState=auto-restart\nJob=\nMainPID=0\nActiveEnterTimestampMonotonic=0";

interface Options {
  readonly restarts?: string;
  /** The number of git commands after which every further git command fails. */
  readonly stopsAfter?: { left: number };
}

function setting({ restarts, stopsAfter }: Options = {}): Setting {
  const started: string[] = [];
  const systemd = { state: RUNS };
  const world = makeAgentWorld(
    runningUnits(started, stopsAfter ?? { left: Number.POSITIVE_INFINITY }, systemd),
  );
  const source = join(world.dir, "source");
  const folder = join(world.home(), "code");
  const git = (where: string, ...args: readonly string[]) =>
    execFileSync("git", ["-C", where, ...args], { encoding: "utf8", env: ENV }).trim();
  const commit = (files: Readonly<Record<string, string | undefined>>) => {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(source, path)), { recursive: true });
      if (text === undefined) rmSync(join(source, path));
      else writeFileSync(join(source, path), text);
    }
    git(source, "add", "-A");
    git(source, "commit", "-qm", "a change");
    return git(source, "rev-parse", "HEAD");
  };
  mkdirSync(source);
  git(source, "init", "-q", "-b", "main");
  const first = commit({ "src/main.ts": "one\n", "docs/old.md": "old\n", "package.json": "{}\n" });
  const second = commit({ "src/main.ts": "two\n", "src/new.ts": "new\n", "docs/old.md": undefined });
  mkdirSync(join(world.dir, "state/commits"), { recursive: true });
  for (const revision of [first, second]) {
    const pack = execFileSync("git", ["-C", source, "pack-objects", "--revs", "--stdout", "-q"], {
      input: `${revision}\n`,
    });
    writeFileSync(join(world.dir, "state/commits", `${revision}.pack`), pack);
  }
  const items = (revision: string): Items => {
    const checkout: CheckoutItem = {
      ...{ kind: "checkout", folder, actor: "iris", from: "../code", keep: "SOUL.md\nnotes.md" },
      ...{
        restarts: restarts ?? "muster-agent-iris.service **",
        notify: "muster-agent-iris.service",
        restart: "now",
      },
      want: { type: "checkout", revision, changes: "none", remote: "none" },
    };
    return {
      "identity:repository": checkout,
      "identity:SOUL.md": world.file(join(folder, "SOUL.md"), "# Iris\n"),
      "identity:notes.md": { ...world.file(join(folder, "notes.md"), "start\n"), write: "once" },
    };
  };
  return {
    ...{ world, started, systemd, folder, first, second, git },
    up: (revision) => {
      const { failures = [] } = world.up(items(revision));
      const [failure] = failures;
      if (failure !== undefined) throw new Error(failure.error.why);
    },
    props: (revision) => {
      const seen = world.observe(items(revision)).observed["identity:repository"];
      return { ...(seen !== undefined && "props" in seen ? seen.props : seen) };
    },
    text: (path) => readFileSync(join(folder, path), "utf8"),
  };
}

describe("up", () => {
  test("makes a checkout, and brings it to a new revision", () => {
    const { up, props, text, folder, first, second, git } = setting();
    expect(props(first)).toEqual({ type: "absent" });
    up(first);
    expect(text("src/main.ts")).toBe("one\n");
    expect(props(first)).toEqual({ type: "checkout", revision: first, changes: "none", remote: "none" });
    expect(git(folder, "status", "--porcelain", "--untracked-files=no")).toBe("");
    up(second);
    expect(text("src/main.ts")).toBe("two\n");
    expect(existsSync(join(folder, "docs"))).toBe(false);
    expect(git(folder, "log", "--oneline").split("\n")).toHaveLength(2);
  });

  test("keeps the agent's own files", () => {
    const { up, text, folder, first, second } = setting();
    up(first);
    writeFileSync(join(folder, "notes.md"), "what I have learned\n");
    writeFileSync(join(folder, "draft.txt"), "a draft\n");
    up(second);
    expect([text("SOUL.md"), text("notes.md"), text("draft.txt")]).toEqual([
      "# Iris\n",
      "what I have learned\n",
      "a draft\n",
    ]);
  });

  test("keeps local work on a branch", () => {
    const { up, world, text, folder, first, second, git } = setting();
    up(first);
    git(folder, "checkout", "-qb", "mine");
    writeFileSync(join(folder, "package.json"), '{"mine":1}\n');
    git(folder, "commit", "-qam", "mine");
    writeFileSync(join(folder, "src/main.ts"), "my change\n");
    writeFileSync(join(folder, "src/new.ts"), "my file\n");
    appendFileSync(join(folder, "docs/old.md"), "more\n");
    up(second);
    expect(text("src/new.ts")).toBe("new\n");
    const branch = readState(world.host, folder).kept?.branch ?? "";
    expect(git(folder, "log", "--format=%s", branch, "--not", "mine", "-1")).toMatch(/^Local work/);
    const show = (path: string) => git(folder, "show", `${branch}:${path}`);
    expect(["package.json", "src/main.ts", "src/new.ts", "docs/old.md"].map(show)).toEqual([
      '{"mine":1}',
      "my change",
      "my file",
      "old\nmore",
    ]);
  });

  test("refuses a revision that tracks a file of the identity, and changes nothing", () => {
    const { up, world, text, folder, first, git } = setting();
    up(first);
    const source = join(world.dir, "source");
    writeFileSync(join(source, "SOUL.md"), "# Arc\n");
    git(source, "add", "SOUL.md");
    git(source, "commit", "-qm", "tracked");
    const third = git(source, "rev-parse", "HEAD");
    const pack = execFileSync("git", ["-C", source, "pack-objects", "--revs", "--stdout", "-q"], {
      input: `${third}\n`,
    });
    writeFileSync(join(world.dir, "state/commits", `${third}.pack`), pack);
    expect(() => up(third)).toThrow(/tracks this file of the agent/);
    expect([text("SOUL.md"), text("src/main.ts")]).toEqual(["# Iris\n", "one\n"]);
    expect(git(folder, "rev-parse", "HEAD")).toBe(first);
  });
});

describe("restarts", () => {
  test("restart only the units that use a changed file", () => {
    const one = setting({
      restarts: "muster-agent-iris.service src/**\narc-web.service *.json",
    });
    one.up(one.first);
    one.started.length = 0;
    one.up(one.second);
    expect(one.started).toEqual(["muster-agent-iris.service"]);
    one.started.length = 0;
    writeFileSync(join(one.folder, "package.json"), "x");
    one.up(one.second);
    expect(one.started).toEqual(["arc-web.service"]);
  });

  test("restart nothing if only the history differs", () => {
    const one = setting();
    one.up(one.first);
    one.started.length = 0;
    one.git(one.folder, "commit", "-q", "--allow-empty", "-m", "mine");
    one.up(one.first);
    expect([one.started, one.props(one.first)["revision"]]).toEqual([[], one.first]);
  });
});

describe("a reset that stops after one of its git commands", () => {
  test("loses nothing, and the next reset completes it", () => {
    const calls = { left: Number.POSITIVE_INFINITY };
    const one = setting({ stopsAfter: calls });
    const branches = () =>
      one.git(one.folder, "for-each-ref", "--format=%(refname:short)", "refs/heads/muster-kept*").split("\n");
    one.up(one.first);
    let isOver = false;
    let points = 0;
    for (let at = 1; !isOver; at += 1) {
      const revision = at % 2 === 0 ? one.first : one.second;
      const work = `my change ${at}`;
      writeFileSync(join(one.folder, "notes.md"), work);
      writeFileSync(join(one.folder, "src/main.ts"), work);
      calls.left = at;
      try {
        one.up(revision);
        isOver = calls.left > 0;
      } catch {
        points += 1;
      }
      calls.left = Number.POSITIVE_INFINITY;
      expect([one.text("SOUL.md"), one.text("notes.md")]).toEqual(["# Iris\n", work]);
      one.up(revision);
      expect(one.props(revision)).toMatchObject({ revision, changes: "none" });
      expect(branches().map((branch) => one.git(one.folder, "show", `${branch}:src/main.ts`))).toContain(
        work,
      );
    }
    expect(points).toBeGreaterThan(10);
  }, 120_000);
});

describe("a trial of a new revision", () => {
  /** Applies a second revision, and lets the trial be as old as this number of seconds. */
  function onTrial(age: number): Setting {
    const one = setting();
    one.up(one.first);
    one.up(one.second);
    const state = readState(one.world.host, one.folder);
    expect(state.trial?.units).toEqual(["muster-agent-iris.service"]);
    const since = new Date(Date.now() - age * 1000).toISOString();
    writeState(one.world.host, { ...state, trial: { units: ["muster-agent-iris.service"], since } });
    one.started.length = 0;
    return one;
  }

  test("ends if the unit keeps running", () => {
    const one = onTrial(20);
    settleTrials(one.world.host);
    expect([readState(one.world.host, one.folder).trial, one.text("src/main.ts")]).toEqual([
      undefined,
      "two\n",
    ]);
  });

  test("is open while the unit still restarts, and is rolled back if the unit does not become healthy", () => {
    const one = onTrial(20);
    one.systemd.state = RESTARTS;
    settleTrials(one.world.host);
    expect([readState(one.world.host, one.folder).trial?.units, one.text("src/main.ts")]).toEqual([
      ["muster-agent-iris.service"],
      "two\n",
    ]);
    const state = readState(one.world.host, one.folder);
    const since = new Date(Date.now() - 90_000).toISOString();
    writeState(one.world.host, { ...state, trial: { units: ["muster-agent-iris.service"], since } });
    settleTrials(one.world.host);
    expect(one.text("src/main.ts")).toBe("one\n");
    expect(one.started).toEqual(["muster-agent-iris.service"]);
    expect(readState(one.world.host, one.folder)).toMatchObject({
      revision: one.first,
      failed: { revision: one.second, why: "muster-agent-iris.service did not become healthy" },
    });
    one.systemd.state = RUNS;
    one.up(one.second);
    expect(one.text("src/main.ts")).toBe("two\n");
  });
});

describe("drift", () => {
  test.each<[string, (one: Setting) => void, Record<string, unknown>]>([
    [
      "a changed file",
      ({ folder }) => writeFileSync(join(folder, "src/main.ts"), "x\n"),
      { changes: "src/main.ts" },
    ],
    ["a deleted file", ({ folder }) => rmSync(join(folder, "package.json")), { changes: "package.json" }],
    ["a mode", ({ folder }) => chmodSync(join(folder, "package.json"), 0o755), { changes: "package.json" }],
    [
      "a change that the index of the agent hides",
      ({ folder, git }) => {
        git(folder, "update-index", "--assume-unchanged", "src/main.ts");
        writeFileSync(join(folder, "src/main.ts"), "x\n");
      },
      { changes: "src/main.ts" },
    ],
    [
      "a remote with a password",
      ({ folder, git }) => git(folder, "remote", "add", "origin", "https://a:secret@example.org/x.git"),
      { remote: "origin https://…@example.org/x.git" },
    ],
    [
      "another address for every remote",
      ({ folder, git }) => git(folder, "config", "url.http://evil/.insteadOf", "https://"),
      { remote: "url.http://evil/.insteadof https://" },
    ],
    [
      "a FIFO that git would read",
      ({ folder }) => execFileSync("mkfifo", [join(folder, ".gitattributes")]),
      { changes: ".gitattributes, which is not a file" },
    ],
    [
      "a file that a FIFO has replaced",
      ({ folder }) => {
        rmSync(join(folder, "package.json"));
        execFileSync("mkfifo", [join(folder, "package.json")]);
      },
      { changes: "package.json" },
    ],
    [
      "FIFOs in the folder .git",
      ({ folder }) => {
        for (const path of [".git/HEAD", ".git/config", ".git/index"]) {
          rmSync(join(folder, path));
          execFileSync("mkfifo", [join(folder, path)]);
        }
      },
      { revision: "unreadable", changes: "none" },
    ],
    [
      "a missing folder .git",
      ({ folder }) => rmSync(join(folder, ".git"), { recursive: true }),
      { type: "a folder without .git" },
    ],
  ])("reports %s, and repairs it", (_, change, found) => {
    const one = setting();
    one.up(one.first);
    change(one);
    expect(one.props(one.first)).toMatchObject(found);
    one.up(one.first);
    expect(one.props(one.first)).toEqual({
      type: "checkout",
      revision: one.first,
      changes: "none",
      remote: "none",
    });
  });

  test("reports a local commit as another revision", () => {
    const { up, props, folder, first, git } = setting();
    up(first);
    git(folder, "commit", "-q", "--allow-empty", "-m", "mine");
    expect(props(first)).toMatchObject({ revision: git(folder, "rev-parse", "HEAD"), changes: "none" });
  });
});

test("no program of a hostile checkout is run", () => {
  const { up, props, world, folder, first, second, git } = setting();
  up(first);
  const mark = join(world.dir, "ran");
  const program = join(folder, "evil.sh");
  writeFileSync(program, `#!/bin/sh\ntouch ${mark}\ncat\n`, { mode: 0o755 });
  for (const key of [
    "core.fsmonitor",
    "core.sshCommand",
    "core.pager",
    "core.editor",
    "diff.external",
    "core.gitProxy",
  ])
    git(folder, "config", key, program);
  for (const key of ["smudge", "clean", "process"]) git(folder, "config", `filter.evil.${key}`, program);
  git(folder, "config", "core.hooksPath", join(folder, "hooks"));
  git(folder, "config", "include.path", join(folder, "more"));
  writeFileSync(join(folder, "more"), `[core]\n\tfsmonitor = ${program}\n`);
  writeFileSync(join(folder, ".gitattributes"), "* filter=evil diff=evil\n");
  mkdirSync(join(folder, ".git/info"), { recursive: true });
  writeFileSync(join(folder, ".git/info/attributes"), "* filter=evil\n", { flag: "a" });
  for (const hook of ["post-checkout", "post-merge", "reference-transaction", "post-index-change"]) {
    mkdirSync(join(folder, "hooks"), { recursive: true });
    for (const at of [join(folder, "hooks"), join(folder, ".git/hooks")]) {
      mkdirSync(at, { recursive: true });
      symlinkSync(program, join(at, hook));
    }
  }
  props(second);
  up(second);
  expect(existsSync(mark)).toBe(false);
  expect(props(second)).toMatchObject({ revision: second, changes: "none" });
});

describe("self-sync", () => {
  const sync = ({ world }: Setting) => selfSync(world.host, "iris", "iris");

  test("restores the checkout and the identity, although every copy of the agent is contaminated", async () => {
    const one = setting();
    one.up(one.first);
    for (const path of ["SOUL.md", ".git/index", ".git/HEAD", "src/main.ts"])
      writeFileSync(join(one.folder, path), "# Arc\n");
    for (const path of [".git/objects", ".git/refs"]) rmSync(join(one.folder, path), { recursive: true });
    writeFileSync(join(one.folder, ".git/objects"), "garbage");
    mkdirSync(join(one.folder, ".git/muster-reset"));
    const { repaired, revision } = await sync(one);
    expect(revision).toBe(one.first);
    expect(repaired).toContain("SOUL.md.content");
    expect([one.text("SOUL.md"), one.text("src/main.ts")]).toEqual(["# Iris\n", "one\n"]);
    expect(one.git(one.folder, "fsck", "--connectivity-only")).toBe("");
  });

  test("does nothing if nothing differs", async () => {
    const one = setting();
    one.up(one.first);
    expect(await sync(one)).toEqual({
      agent: "iris",
      revision: one.first,
      repaired: [],
      restarted: [],
      deferred: [],
    });
  });

  test("reports the branch with local work", async () => {
    const one = setting();
    one.up(one.first);
    writeFileSync(join(one.folder, "src/main.ts"), "mine\n");
    const { keptOn = "" } = await sync(one);
    expect(one.git(one.folder, "show", `${keptOn}:src/main.ts`)).toBe("mine");
  });

  test("does not try a revision again that was rolled back", async () => {
    const one = setting();
    one.up(one.first);
    const state = readState(one.world.host, one.folder);
    writeState(one.world.host, { ...state, failed: { revision: one.first, why: "it exited", at: "now" } });
    await expect(sync(one)).rejects.toThrow(/was rolled back at now: it exited/);
  });

  test("completes a reset that was killed", async () => {
    const one = setting();
    one.up(one.first);
    const state = readState(one.world.host, one.folder);
    one.up(one.second);
    storeIndex(one.world.host, one.folder, readFileSync(join(one.folder, ".git/index")));
    writeState(one.world.host, { ...state, revision: one.first, resetting: one.second });
    rmSync(join(one.folder, "src/new.ts"));
    expect(one.props(one.second)).toMatchObject({ changes: "an unfinished reset" });
    await sync(one);
    expect(one.props(one.second)).toMatchObject({ revision: one.second, changes: "none" });
    expect(one.text("src/new.ts")).toBe("new\n");
  });

  test("says what to do for an agent without a repository", async () => {
    const one = setting();
    await expect(sync(one)).rejects.toThrow(/Declare `repository` in fleet\.yaml/);
    expect(AGENT.id).toContain("iris");
  });
});
