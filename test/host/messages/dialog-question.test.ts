import { expect, test } from "vitest";
import { openQuestion } from "../../../src/host/messages/dialog-question.ts";
import { parseScreen } from "../../../src/host/pane/parse-screen.ts";
import type { ScreenForm } from "../../../src/model/conversation.ts";
import { runtimeOf } from "../../../src/runtimes/registry.ts";

const LINE = "─".repeat(60);

function question(kind: "claude" | "codex" | "pi" | "hermes", lines: readonly string[]) {
  const form = runtimeOf(kind).conversation as ScreenForm;
  return openQuestion(form, { width: 200, height: 50, rows: parseScreen(lines) });
}

test.each([
  ["claude", ["Do you want to proceed?", "❯ 1. Yes", "  2. No"], "Do you want to proceed?"],
  [
    "claude",
    [
      " Choose the text style that looks best",
      "",
      " ❯ 1. Dark mode",
      "   2. Light mode",
      " Enter to confirm",
    ],
    "Choose the text style that looks best",
  ],
  [
    "claude",
    ["Do you want to use this API key?", "  1. Yes", "❯ 2. No (recommended)", "Enter to confirm"],
    "Do you want to use this API key?",
  ],
  [
    "claude",
    [`╭${LINE}╮`, "│ Do you trust the files in this folder?  │", `╰${LINE}╯`, "❯ 1. Yes"],
    "Do you trust the files in this folder?",
  ],
  ["claude", ["Select login method:", "❯ 1. Claude account"], "Select login method:"],
  [
    "codex",
    ["  Welcome to Codex", "  Sign in with ChatGPT to use Codex", "> 1. Sign in"],
    "Sign in with ChatGPT to use Codex",
  ],
  ["codex", ["Select Model", "", "› 1. gpt-9", "  2. gpt-8", "Press enter to confirm"], "Select Model"],
  ["pi", [LINE, "Select provider to login:", "→ Anthropic", LINE], "Select provider to login:"],
  ["pi", [LINE, "Thinking Level", "→ low", "  Enter to select · Esc to go back", LINE], "Thinking Level"],
  ["hermes", ["It looks like Hermes isn't configured yet.", "Run setup now? [Y/n]"], "Run setup now? [Y/n]"],
] as const)("the question of an open dialog is found: %s %#", (kind, lines, text) => {
  expect(question(kind, lines)).toBe(text);
});

test.each([
  ["claude", ["● Do you want to know more?", LINE, "❯ ", LINE, "  ? for shortcuts"]],
  ["claude", ["Loading…"]],
  ["codex", ["• Would you like to know more? No.", "", "› Ask Codex", "", "  100% context left"]],
  ["pi", [" answer", LINE, "", LINE, "~/app"]],
  ["hermes", ["answer", "❯ "]],
] as const)("an agent at its prompt waits for no answer: %s %#", (kind, lines) => {
  expect(question(kind, lines)).toBeUndefined();
});
