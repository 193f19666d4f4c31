import { appendFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { findInTranscripts, transcriptEnds } from "../../../src/host/messages/transcript.ts";
import type { Conversation } from "../../../src/model/conversation.ts";
import { type RuntimeKind, runtimeOf } from "../../../src/runtimes/registry.ts";

const NOBODY = { claimed: new Set<string>(), rivals: 0 };

/** How each runtime records a message. */
const RECORDS: Readonly<
  Record<
    Exclude<RuntimeKind, "command" | "openclaw">,
    readonly [path: string, line: (text: string) => string]
  >
> = {
  claude: [
    ".claude/projects/-home/a.jsonl",
    (text) => json({ type: "user", message: { role: "user", content: [{ type: "text", text }] } }),
  ],
  codex: [".codex/history.jsonl", (text) => json({ session_id: "s", ts: 1, text })],
  pi: [
    ".pi/agent/sessions/--home--/a.jsonl",
    (text) => json({ type: "message", message: { role: "user", content: text } }),
  ],
  hermes: [
    ".hermes/.hermes_history",
    (text) =>
      `\n# 2026-11-30 10:00:00.000000\n${text
        .split("\n")
        .map((line) => `+${line}\n`)
        .join("")}`,
  ],
};

function json(value: unknown): string {
  return `${JSON.stringify(value)}\n`;
}

function makeHome(): { home: string; append: (path: string, text: string) => void } {
  const home = mkdtempSync(join(tmpdir(), "muster-home-"));
  onTestFinished(() => rmSync(home, { recursive: true }));
  const append = (path: string, text: string) => {
    mkdirSync(dirname(join(home, path)), { recursive: true });
    appendFileSync(join(home, path), text);
  };
  return { home, append };
}

const recordsOf = (kind: RuntimeKind) => (runtimeOf(kind).conversation as Conversation).records;
const CLAUDE = recordsOf("claude");
const [FILE, claudeLine] = RECORDS.claude;

describe("the transcripts of a runtime", () => {
  test.each(Object.entries(RECORDS))(
    "contain a new message of %s, but not an older message",
    (kind, [path, line]) => {
      const records = recordsOf(kind as RuntimeKind);
      const { home, append } = makeHome();
      append(path, line("a message"));
      const ends = transcriptEnds(home, records);
      const search = (text: string) => findInTranscripts(home, records, ends, text, NOBODY);
      expect(search("a message")).toEqual({ isComplete: true });
      append(path, line("two\nlines"));
      expect(search("two\nlines").found).toMatchObject({
        isQueued: false,
        place: expect.stringMatching(`^${path}:\\d+$`),
      });
      expect(search("two").found).toBeUndefined();
    },
  );

  test("contain a text that Claude Code has recorded as pasted content", () => {
    const { home, append } = makeHome();
    const text = "two\nlines of `text`";
    append(FILE, claudeLine(`\n\n<pasted_content id="2f0a">\n${text}\n</pasted_content id="2f0a">\n`));
    const search = (wanted: string) => findInTranscripts(home, CLAUDE, {}, wanted, NOBODY);
    expect(search(text).found?.place).toBe(`${FILE}:0`);
    expect(search(`${text} and more`)).toEqual({ isComplete: true });
  });

  test("contain a long text that Hermes has stored in a file", () => {
    const { home, append } = makeHome();
    const [path, line] = RECORDS.hermes;
    const records = recordsOf("hermes");
    const text = "a long text\n".repeat(50).trim();
    const search = () => findInTranscripts(home, records, {}, `Read: ${text}`, NOBODY);
    append(path, line(`Read: [Pasted text #1: 50 lines → ${home}/.hermes/pastes/paste_1_102030.txt]`));
    expect(search()).toEqual({ isComplete: false });
    append(".hermes/pastes/paste_1_102030.txt", text);
    expect(search().found?.place).toBe(`${path}:1`);
  });

  test("do not prove that a message is missing if they contain the message in an unknown form", () => {
    const { home, append } = makeHome();
    const text = "Please review the last commit.";
    const search = (wanted: string) => findInTranscripts(home, CLAUDE, {}, wanted, NOBODY);
    append(FILE, claudeLine("What is the time?"));
    expect(search(text)).toEqual({ isComplete: true });
    append(FILE, claudeLine(`<input kind="paste">${text.replaceAll(" ", "_")}</input>`));
    expect(search(text)).toEqual({ isComplete: false });
    expect(search("~")).toEqual({ isComplete: false });
  });

  test("contain messages in files that are new, and queued messages", () => {
    const { home, append } = makeHome();
    const ends = transcriptEnds(home, CLAUDE);
    append(FILE, json({ type: "queue-operation", operation: "enqueue", content: "later" }));
    expect(findInTranscripts(home, CLAUDE, ends, "later", NOBODY).found).toEqual({
      place: `${FILE}:0`,
      isQueued: true,
    });
  });

  test("do not count a record that proves, or could prove, another message", () => {
    const { home, append } = makeHome();
    append(FILE, claudeLine("again"));
    const search = (others: typeof NOBODY) => findInTranscripts(home, CLAUDE, {}, "again", others);
    expect(search({ claimed: new Set([`${FILE}:0`]), rivals: 0 })).toEqual({ isComplete: true });
    expect(search({ claimed: new Set(), rivals: 1 })).toEqual({ isComplete: false });
    append(FILE, claudeLine("again"));
    expect(search({ claimed: new Set(), rivals: 1 }).found).toBeDefined();
  });

  test("ignore a line that is not complete, and lines in other forms", () => {
    const { home, append } = makeHome();
    append(
      FILE,
      `${json({ type: "assistant", message: { role: "user", content: "x" } })}[]\nnull\n${claudeLine("x").slice(0, -1)}`,
    );
    expect(findInTranscripts(home, CLAUDE, {}, "x", NOBODY).found).toBeUndefined();
    append(FILE, "\n");
    expect(findInTranscripts(home, CLAUDE, {}, "x", NOBODY).found).toBeDefined();
  });

  test("prove nothing if a file has become shorter, is missing, or is a link", () => {
    const { home, append } = makeHome();
    append(FILE, claudeLine("x"));
    const ends = transcriptEnds(home, CLAUDE);
    writeFileSync(join(home, FILE), "");
    expect(findInTranscripts(home, CLAUDE, ends, "x", NOBODY)).toEqual({ isComplete: false });
    rmSync(join(home, FILE));
    expect(findInTranscripts(home, CLAUDE, ends, "x", NOBODY)).toEqual({ isComplete: false });
    symlinkSync("/etc/passwd", join(home, FILE));
    expect(transcriptEnds(home, CLAUDE)).toEqual({});
  });
});
