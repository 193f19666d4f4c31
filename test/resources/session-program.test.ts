import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { packageRoot } from "../../src/base/muster-folders.ts";
import { IDENTITIES_DIR, RUNTIME_DIR } from "../../src/model/host-paths.ts";
import { SESSION_PROGRAM_TEXT } from "../../src/resources/session-program.ts";

const ID = "01a22d58-71dc-7690-a79f-d6f17df8498b";
const UUID = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}";

/** Two digests of identities. */
const [ONE, TWO] = ["1".repeat(64), "2".repeat(64)] as const;

let home: string;
let holder: ChildProcess | undefined;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "muster-session-"));
});

afterEach(() => {
  holder?.kill("SIGKILL");
  holder = undefined;
  rmSync(home, { recursive: true, force: true });
});

function write(path: string, text: string): void {
  mkdirSync(dirname(join(home, path)), { recursive: true });
  writeFileSync(join(home, path), text);
}

/** Returns the program with paths in the temporary home, and with the host runtime of this checkout. */
function programText(): string {
  const main = join(packageRoot(), "src/host/main.ts");
  return SESSION_PROGRAM_TEXT.replaceAll(
    `${RUNTIME_DIR}/run`,
    `env -i HOME=/root ${process.execPath} ${main}`,
  ).replaceAll(IDENTITIES_DIR, join(home, "identities"));
}

const environment = () => ({
  HOME: home,
  PATH: "/usr/bin:/bin",
  MUSTER_AGENT: "iris",
  RUNTIME_DIRECTORY: home,
});

/** Starts `echo` in place of the runtime's program, and returns the arguments with which it was started. */
function start(kind: string, ...args: readonly string[]): string {
  return startProgram(kind, "echo", ...args);
}

function startProgram(kind: string, ...command: readonly string[]): string {
  const words = ["-c", programText(), "muster-session", kind, ...command];
  return execFileSync("sh", words, { env: environment(), encoding: "utf8" }).trim();
}

const kept = (kind: string) => readFileSync(join(home, `.muster/session-${kind}`), "utf8").trim();

/** Returns what the program has written for the deadman. */
const written = () => readFileSync(join(home, "conversation"), "utf8").trim();

const declare = (digest: string, policy = "fresh") => write("identities/iris", `${digest} ${policy}\n`);

describe("claude", () => {
  test("gets a conversation ID at its first start, and continues this conversation as soon as a record of the conversation exists", () => {
    const first = start("claude", "--model", "x");
    expect(first).toBe(`--model x --session-id ${kept("claude")}`);
    expect(start("claude", "--model", "x")).toBe(first);
    write(`.claude/projects/-home-iris/${kept("claude")}.jsonl`, "{}\n");
    expect(start("claude", "--model", "x")).toBe(`--model x --resume ${kept("claude")}`);
  });

  test("continues with the declared permission mode, unless its arguments select one", () => {
    write(".muster/session-claude", `${ID}\n`);
    write(`.claude/projects/-home-iris/${ID}.jsonl`, "{}\n");
    write(".claude/settings.json", '{\n  "permissions": {\n    "defaultMode": "plan"\n  }\n}\n');
    expect(start("claude")).toBe(`--resume ${ID} --permission-mode plan`);
    expect(start("claude", "--permission-mode", "auto")).toBe(`--permission-mode auto --resume ${ID}`);
  });

  test("starts with a new conversation if the kept ID is damaged", () => {
    write(".muster/session-claude", "-x; rm -rf /\n");
    expect(start("claude")).toMatch(new RegExp(`^--session-id ${UUID}$`));
    expect(written()).toBe("lost - -");
  });

  test("starts with a new conversation if the home has no record of the kept ID, and says so", () => {
    write(".muster/session-claude", `${ID}\n`);
    expect(start("claude")).toBe(`--session-id ${ID}`);
    expect(written()).toBe(`lost - ${ID}`);
  });

  test("does not continue a conversation that another process has", async () => {
    write(".muster/session-claude", `${ID}\n`);
    write(`.claude/projects/-home-iris/${ID}.jsonl`, "{}\n");
    holder = spawn("sh", ["-c", programText(), "muster-session", "claude", "sh", "-c", "echo up; sleep 60"], {
      env: environment(),
      stdio: ["ignore", "pipe", "ignore"],
    });
    await new Promise((resolve) => holder?.stdout?.once("data", resolve));
    expect(start("claude")).toMatch(new RegExp(`^--session-id (?!${ID})${UUID}$`));
    expect(written()).toBe(`busy - ${ID}`);
    expect(kept("claude")).toBe(ID);
    const ended = new Promise((resolve) => holder?.once("exit", resolve));
    execFileSync("pkill", ["-KILL", "-P", `${holder.pid}`]);
    holder.kill("SIGKILL");
    await ended;
    expect(start("claude")).toBe(`--resume ${ID}`);
  });
});

test("pi gets the same ID at every start", () => {
  const first = start("pi", "--provider", "openai");
  expect(first).toBe(`--provider openai --session-id ${kept("pi")}`);
  expect(written()).toBe("new - -");
  write(`.pi/agent/sessions/--home-iris--/2026-12-01T01-24-56-327Z_${kept("pi")}.jsonl`, "{}\n");
  expect(start("pi", "--provider", "openai")).toBe(first);
  expect(written()).toBe(`resumed - ${kept("pi")}`);
});

describe("hermes", () => {
  /** Adds a conversation to the database of Hermes. */
  const add = (id: string, source: string, at: number, parent: string | null = null) => {
    mkdirSync(join(home, ".hermes"), { recursive: true });
    const db = new DatabaseSync(join(home, ".hermes/state.db"));
    db.exec("PRAGMA journal_mode = WAL");
    db.exec(
      "CREATE TABLE IF NOT EXISTS sessions (id TEXT PRIMARY KEY, source TEXT, parent_session_id TEXT, started_at REAL)",
    );
    db.prepare("INSERT INTO sessions VALUES (?, ?, ?, ?)").run(id, source, parent, at);
    db.close();
  };
  const source = () => startProgram("hermes", "printenv", "HERMES_SESSION_SOURCE");

  test("continues the conversation with the source that was chosen at its first start", () => {
    expect(source()).toBe(`muster-${kept("hermes")}`);
    add("20261201_010000_aaaaaa", "cli", 1);
    add("20261201_020000_bbbbbb", `muster-${kept("hermes")}`, 2);
    add("20261201_030000_cccccc", `muster-${kept("hermes")}`, 3);
    expect(start("hermes", "--yolo")).toBe("--yolo --resume 20261201_020000_bbbbbb");
    expect(written()).toBe(`resumed - ${kept("hermes")}`);
    expect(start("hermes")).toBe("--resume 20261201_020000_bbbbbb");
  });

  test("starts with a new conversation if its database is missing or damaged", () => {
    write(".muster/session-hermes", `${ID}\n`);
    expect(start("hermes")).toBe("");
    expect(written()).toBe(`lost - ${ID}`);
    write(".hermes/state.db", "not a database");
    expect(start("hermes")).toBe("");
    expect(source()).toBe(`muster-${ID}`);
  });
});

describe("after a change of the identity", () => {
  const continued = () => {
    declare(ONE);
    start("claude");
    write(`.claude/projects/-home-iris/${kept("claude")}.jsonl`, "{}\n");
  };

  test("a start begins one new conversation", () => {
    continued();
    const former = kept("claude");
    declare(TWO);
    expect(start("claude")).toMatch(new RegExp(`^--session-id (?!${former})${UUID}$`));
    expect(written()).toBe(`identity ${TWO} ${former}`);
    write(`.claude/projects/-home-iris/${kept("claude")}.jsonl`, "{}\n");
    expect(start("claude")).toBe(`--resume ${kept("claude")}`);
    expect(written()).toBe(`resumed ${TWO} ${kept("claude")}`);
  });

  test("a start continues the conversation with `onIdentityChange: resume`", () => {
    continued();
    declare(TWO, "resume");
    expect(start("claude")).toBe(`--resume ${kept("claude")}`);
    expect(written()).toBe(`resumed ${TWO} ${kept("claude")}`);
  });

  test("a continued conversation of Hermes keeps its former identity", () => {
    declare(ONE);
    start("hermes");
    mkdirSync(join(home, ".hermes"));
    const db = new DatabaseSync(join(home, ".hermes/state.db"));
    db.exec("CREATE TABLE sessions (id, source, parent_session_id, started_at)");
    db.prepare("INSERT INTO sessions VALUES ('20261201_010000_aaaaaa', ?, NULL, 1)").run(
      `muster-${kept("hermes")}`,
    );
    db.close();
    declare(TWO, "resume");
    expect(start("hermes")).toBe("--resume 20261201_010000_aaaaaa");
    expect(written()).toBe(`resumed ${ONE} ${kept("hermes")}`);
  });

  test("a conversation from before the upgrade of Muster continues", () => {
    write(".muster/session-claude", `${ID}\n`);
    write(`.claude/projects/-home-iris/${ID}.jsonl`, "{}\n");
    declare(ONE);
    expect(start("claude")).toBe(`--resume ${ID}`);
  });
});

describe("codex", () => {
  /** Writes the record of a conversation that begins a second from now. */
  const record = (id: string, source: string) => {
    const path = `.codex/sessions/2026/11/30/rollout-2026-11-30T16-45-00-${id}.jsonl`;
    write(path, `{"type":"session_meta","payload":{"id":"${id}","source":"${source}"}}\n`);
    utimesSync(join(home, path), Date.now() / 1000, Date.now() / 1000 + 1);
  };

  test("continues the conversation that began after its first start", () => {
    expect(start("codex", "--model", "x")).toBe("--model x");
    record(ID, "cli");
    record("f1a22d58-71dc-7690-a79f-d6f17df8498b", "exec");
    expect(start("codex", "--model", "x")).toBe(`--model x resume ${ID}`);
    record("e1a22d58-71dc-7690-a79f-d6f17df8498b", "cli");
    expect(start("codex", "--model", "x")).toBe(`--model x resume ${ID}`);
  });

  test("continues with the declared policies, unless its arguments select them", () => {
    start("codex");
    record(ID, "cli");
    write(
      ".codex/config.toml",
      'approval_policy = "never"\nsandbox_mode = "read-only"\n\n[profiles.x]\napproval_policy = "untrusted"\n',
    );
    const policies = '-c approval_policy="never" -c sandbox_mode="read-only"';
    expect(start("codex", "--model", "x")).toBe(`--model x ${policies} resume ${ID}`);
    expect(start("codex", "-a", "on-request")).toBe(`-a on-request -c sandbox_mode="read-only" resume ${ID}`);
  });

  test("starts with a new conversation if the record is missing, or if no record belongs to the agent", () => {
    write(".muster/session-codex", `f1a22d58-71dc-7690-a79f-d6f17df8498b\n`);
    expect(start("codex")).toBe("");
  });
});

test("a program starts even if nothing can be written to the home", () => {
  write(".muster", "a file in the place of the folder");
  expect(start("pi")).toMatch(/^--session-id [0-9a-f-]{36}$/);
});
