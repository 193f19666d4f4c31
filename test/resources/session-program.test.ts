import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { SESSION_PROGRAM_TEXT } from "../../src/resources/session-program.ts";

const ID = "01a22d58-71dc-7690-a79f-d6f17df8498b";

let home: string;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "muster-session-"));
});

afterEach(() => rmSync(home, { recursive: true, force: true }));

function write(path: string, text: string): void {
  mkdirSync(dirname(join(home, path)), { recursive: true });
  writeFileSync(join(home, path), text);
}

/** Starts `echo` in place of the runtime's program, and returns the arguments with which it was started. */
function start(kind: string, ...args: readonly string[]): string {
  const words = ["-c", SESSION_PROGRAM_TEXT, "muster-session", kind, "echo", ...args];
  return execFileSync("sh", words, { env: { HOME: home, PATH: "/usr/bin:/bin" }, encoding: "utf8" }).trim();
}

const kept = (kind: string) => readFileSync(join(home, `.muster/session-${kind}`), "utf8").trim();

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
    expect(start("claude")).toMatch(/^--session-id [0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  });
});

test("pi gets the same ID at every start", () => {
  const first = start("pi", "--provider", "openai");
  expect(first).toBe(`--provider openai --session-id ${kept("pi")}`);
  expect(start("pi", "--provider", "openai")).toBe(first);
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

  test("starts with a new conversation if the record is missing, or if no record belongs to the agent", () => {
    write(".muster/session-codex", `f1a22d58-71dc-7690-a79f-d6f17df8498b\n`);
    expect(start("codex")).toBe("");
  });
});

test("a program starts even if nothing can be written to the home", () => {
  write(".muster", "a file in the place of the folder");
  expect(start("pi")).toMatch(/^--session-id [0-9a-f-]{36}$/);
});
