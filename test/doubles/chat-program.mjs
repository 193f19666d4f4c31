// A stand-in for Claude Code, which is not available in tests: it has the same prompt, the same dialogs and the same
// transcript. Like Claude Code, it ignores an Enter directly after a paste, shows a long paste as a mark, and
// queues messages while it works. The file `mode` in the home selects what it shows: busy, permission, login, or
// nothing.
import { appendFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";

const { stdin, stdout, env } = process;
const home = env.HOME;
const folder = `${home}/.claude/projects/-home`;
mkdirSync(folder, { recursive: true });
let draft = "";
let mark = "";
let lastInput = 0;
let queue = [];
const said = [];
let inPaste = false;
let rest = "";

const mode = () => (existsSync(`${home}/mode`) ? readFileSync(`${home}/mode`, "utf8").trim() : "");
const write = (line) => appendFileSync(`${folder}/session.jsonl`, `${JSON.stringify(line)}\n`);

function submit() {
  if (draft === "") return;
  const content = draft;
  draft = "";
  mark = "";
  if (mode() === "busy") {
    queue.push(content);
    write({ type: "queue-operation", operation: "enqueue", content });
  } else accept(content);
}

function accept(content) {
  write({ type: "user", message: { role: "user", content } });
  said.push(content.split("\n")[0].slice(0, 60));
}

function draw() {
  const line = "─".repeat(stdout.columns - 1);
  const now = mode();
  const rows = said.slice(-5).map((text) => `❯ ${text}`);
  if (now === "permission") rows.push("Do you want to proceed?", "❯ 1. Yes", "  2. No");
  else if (now === "login") rows.push("Select login method:", "❯ 1. Claude account", "  2. API key");
  else {
    if (now === "busy") rows.push("✻ Working… (esc to interrupt)");
    const hint = '\u001b[7mT\u001b[0m\u001b[2mry "fix the tests"\u001b[0m';
    rows.push(line, `❯ ${mark || draft.split("\n").join("\r\n  ") || hint}`, line, "  ? for shortcuts");
  }
  stdout.write(`\u001b[H\u001b[2J${rows.join("\r\n")}`);
}

function take(text) {
  rest += text;
  for (;;) {
    const end = inPaste ? "\u001b[201~" : "\u001b[200~";
    const at = rest.indexOf(end);
    const part = at === -1 ? rest : rest.slice(0, at);
    rest = at === -1 ? "" : rest.slice(at + end.length);
    if (inPaste) paste(part);
    else type(part);
    if (at === -1) return;
    inPaste = !inPaste;
  }
}

function paste(text) {
  draft += text.replaceAll("\r", "\n");
  const lines = draft.split("\n").length;
  if (draft.length > 800 || lines > 3) mark = `[Pasted text #1 +${lines} lines]`;
  if (text !== "") lastInput = Date.now();
}

function type(text) {
  for (const key of text) {
    if (["permission", "login"].includes(mode())) appendFileSync(`${home}/answered`, key);
    else if (key !== "\r") draft += key;
    else if (Date.now() - lastInput > 100) submit();
    lastInput = Date.now();
  }
}

stdin.setRawMode(true);
stdin.setEncoding("utf8");
stdin.on("data", (text) => {
  take(text);
  draw();
});
stdout.write("\u001b[?2004h");
let shown = mode();
setInterval(() => {
  const now = mode();
  if (now !== "busy" && queue.length > 0) {
    for (const content of queue) accept(content);
    queue = [];
  }
  if (now !== shown) draw();
  shown = now;
}, 50);
draw();
