import { describe, expect, test } from "vitest";
import { isPasted, readPrompt } from "../../../src/host/messages/read-prompt.ts";
import { parseScreen } from "../../../src/host/pane/parse-screen.ts";
import type { Conversation } from "../../../src/model/conversation.ts";
import { runtimeOf } from "../../../src/runtimes/registry.ts";

const ESC = "\u001b";
const LINE = "─".repeat(60);
const BOX = (inside: string) => [`╭${LINE}╮`, `│ ${inside}${" ".repeat(20)}│`, `╰${LINE}╯`];

function read(kind: "claude" | "codex" | "pi" | "hermes", lines: readonly string[]) {
  const conversation = runtimeOf(kind).conversation as Conversation;
  return readPrompt(conversation, { width: 200, height: 50, rows: parseScreen(lines) });
}

const prompt = (draft: string, isBusy = false) => ({ kind: "prompt", draft, isBusy });

describe("the prompt on a screen", () => {
  test.each([
    ["claude", ["❯ earlier", "● answer", LINE, "❯ ", LINE, "  ? for shortcuts"]],
    ["claude", BOX("> ")],
    ["claude", [LINE, `❯ ${ESC}[7mT${ESC}[0m${ESC}[2mry "fix it"${ESC}[0m`, LINE]],
    [
      "codex",
      [
        "› earlier",
        "• answer",
        "",
        `${ESC}[1m›${ESC}[0m ${ESC}[2mExplain this codebase${ESC}[0m`,
        "",
        "  100% context left",
      ],
    ],
    ["pi", [" answer", LINE, `${ESC}[7m ${ESC}[0m`, LINE, "~/app", "tiny-pi"]],
    ["hermes", ["answer", "❯ "]],
  ] as const)("is empty: %s %#", (kind, lines) => {
    expect(read(kind, lines)).toEqual(prompt(""));
  });

  test("has the text that somebody has typed, on all its lines", () => {
    expect(read("claude", [LINE, "❯ one", "  two", LINE])).toEqual(prompt("one\ntwo"));
    expect(read("pi", [LINE, "one", "two", LINE])).toEqual(prompt("one\ntwo"));
    expect(read("claude", BOX("> a draft"))).toEqual(prompt("a draft"));
  });

  test("shows that the runtime is busy", () => {
    expect(read("claude", ["✻ Thinking… (3s · esc to interrupt)", LINE, "❯ ", LINE])).toEqual(
      prompt("", true),
    );
  });

  test.each([
    ["claude", ["Do you want to proceed?", "❯ 1. Yes", "  2. No"], "permission"],
    [
      "claude",
      BOX("Do you trust the files in this folder?").concat(["❯ 1. Yes, proceed", "  2. No, exit"]),
      "question",
    ],
    ["claude", ["Select login method:", "❯ 1. Claude account"], "login"],
    ["claude", ["Choose the text style", "❯ 2. Light mode"], "menu"],
    ["codex", ["Sign in with ChatGPT to use Codex"], "login"],
    ["codex", ["Would you like to run the following command?", "› 1. Yes", "  2. No"], "permission"],
    ["hermes", ["Run setup now? [Y/n]"], "question"],
  ] as const)("is not there while a dialog is open: %s %s", (kind, lines, is) => {
    expect(read(kind, lines)).toEqual({ kind: "dialog", is });
  });

  test("is not found while a program starts, or if only a past message has the same form", () => {
    expect(read("claude", ["Loading…"])).toEqual({ kind: "none", isBusy: false });
    expect(read("claude", [])).toEqual({ kind: "none", isBusy: false });
    expect(read("hermes", [LINE, "⚕ ❯ msg=interrupt · /queue · Ctrl+C cancel", LINE])).toEqual({
      kind: "none",
      isBusy: true,
    });
    expect(read("claude", ["❯ earlier", "● an unknown question"])).not.toEqual(prompt(""));
  });

  test("can be above a dialog that has just opened", () => {
    expect(read("claude", [LINE, "❯ ", LINE, "Do you want to proceed?"])).toEqual({
      kind: "dialog",
      is: "permission",
    });
  });
});

describe("a draft", () => {
  test("counts as the pasted text if it is a part of that text or the runtime's placeholder", () => {
    expect(isPasted("one\n  two", "one\ntwo\nthree", undefined)).toBe(true);
    expect(isPasted("[Pasted text #3 +90 lines]", "long", "[Pasted text #")).toBe(true);
    expect(isPasted("other", "one", "[Pasted text #")).toBe(false);
    expect(isPasted("", "one", undefined)).toBe(false);
  });
});
