import { closeSync, constants, fstatSync, lstatSync, openSync, readSync } from "node:fs";
import type { SessionRecords } from "../../model/items.ts";
import { shown } from "../../model/shorten-for-display.ts";
import { listLimited } from "../fs/list-limited.ts";

/** The model and the provider that an agent's session uses. */
export interface SessionChoice {
  readonly model: string;
  readonly provider?: string;
}

/** The sessions that a runtime records: their folder, and how their lines name the model. */
interface Records {
  /** The folder of the records, relative to the home. */
  readonly folder: string;
  /** The number of folders between this folder and the records. */
  readonly depth: number;
  readonly choiceIn: (line: Line) => SessionChoice | undefined;
  /** Whether a recorded model is the declared one. */
  readonly isSame: (declared: string, recorded: string) => boolean;
}

type Line = Readonly<Record<string, unknown>>;

const RECORDS: Readonly<Record<SessionRecords, Records>> = {
  // The model in the recorded responses comes from a gateway, so only a person's choice counts.
  claude: { folder: ".claude/projects", depth: 1, choiceIn: claudeChoice, isSame: isSameLabel },
  codex: {
    folder: ".codex/sessions",
    depth: 3,
    choiceIn: codexChoice,
    isSame: (one, other) => one === other,
  },
  pi: { folder: ".pi/agent/sessions", depth: 1, choiceIn: piChoice, isSame: isSamePattern },
};

/** The maximum number of entries that are read in all folders together. */
const MOST_ENTRIES = 5000;

/** The number of bytes that are read at the end of a record. */
const TAIL = 256 * 1024;

/**
 * Returns the model that the newest session of an agent uses, if this model is not the declared model. Must run with
 * the rights of the agent's user, because the agent can make its records links to anything.
 *
 * @param since the time in milliseconds at which the agent's program started; older lines do not count
 * @returns undefined if the session uses the declared model, or has no record of its model
 */
export function otherChoice(
  kind: SessionRecords,
  home: string,
  since: number,
  declared: Partial<SessionChoice>,
): SessionChoice | undefined {
  const { folder, depth, choiceIn, isSame } = RECORDS[kind];
  const newest = newestFile(`${home}/${folder}`, depth, { entries: MOST_ENTRIES });
  if (newest === undefined || newest.time < since) return undefined;
  const choice = lastLines(newest.path)
    .filter((line) => Date.parse(`${line["timestamp"]}`) >= since)
    .map(choiceIn)
    .findLast((one) => one !== undefined);
  if (choice === undefined) return undefined;
  const { model, provider = declared.provider } = choice;
  const isModel = declared.model === undefined || isSame(declared.model, model);
  if (isModel && (declared.provider === undefined || declared.provider === provider)) return undefined;
  return { model: shown(model, 100), ...(provider !== undefined && { provider: shown(provider, 100) }) };
}

interface Newest {
  readonly path: string;
  readonly time: number;
}

function newestFile(folder: string, depth: number, budget: { entries: number }): Newest | undefined {
  let newest: Newest | undefined;
  for (const name of listLimited(folder, budget)) {
    const path = `${folder}/${name}`;
    const found = depth > 0 ? newestFile(path, depth - 1, budget) : recordAt(path);
    if (found !== undefined && found.time > (newest?.time ?? 0)) newest = found;
  }
  return newest;
}

function recordAt(path: string): Newest | undefined {
  if (!path.endsWith(".jsonl")) return undefined;
  const stats = lstatSync(path, { throwIfNoEntry: false });
  return stats?.isFile() ? { path, time: stats.mtimeMs } : undefined;
}

/** Parses the last lines of a file, and omits lines that are not JSON. */
function lastLines(path: string): Line[] {
  const { O_RDONLY, O_NONBLOCK, O_NOFOLLOW } = constants;
  const fd = openSync(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW);
  try {
    const stats = fstatSync(fd);
    if (!stats.isFile()) return [];
    const bytes = Buffer.alloc(Math.min(stats.size, TAIL));
    const count = readSync(fd, bytes, 0, bytes.length, Math.max(0, stats.size - TAIL));
    return bytes.toString("utf8", 0, count).split("\n").flatMap(parsed);
  } finally {
    closeSync(fd);
  }
}

function parsed(line: string): Line[] {
  try {
    const value: unknown = JSON.parse(line);
    return isMap(value) ? [value] : [];
  } catch {
    return [];
  }
}

function isMap(value: unknown): value is Line {
  return typeof value === "object" && value !== null;
}

function mapAt(line: Line, key: string): Line {
  const value = line[key];
  return isMap(value) ? value : {};
}

function choiceOf(model: unknown, provider?: unknown): SessionChoice | undefined {
  if (typeof model !== "string" || model === "") return undefined;
  return { model, ...(typeof provider === "string" && { provider }) };
}

/** Reads the output of `/model`: `Set model to sonnet (claude-sonnet-4-5)`, with escape sequences for bold text. */
function claudeChoice(line: Line): SessionChoice | undefined {
  const content = line["content"] ?? mapAt(line, "message")["content"];
  if (typeof content !== "string") return undefined;
  const [, label] = /^<local-command-stdout>Set model to ([^<\n]+)/.exec(content) ?? [];
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the escape sequences
  return choiceOf(label?.replaceAll(/\u001b\[[\d;]*m/g, "").trim());
}

function codexChoice(line: Line): SessionChoice | undefined {
  return line["type"] === "turn_context" ? choiceOf(mapAt(line, "payload")["model"]) : undefined;
}

function piChoice(line: Line): SessionChoice | undefined {
  if (line["type"] === "model_change") return choiceOf(line["modelId"], line["provider"]);
  const { role, model, provider } = mapAt(line, "message");
  return line["type"] === "message" && role === "assistant" ? choiceOf(model, provider) : undefined;
}

/** Whether a label such as `Sonnet 4.5` and a name such as `claude-sonnet-4-5-20250929` mean the same model. */
function isSameLabel(declared: string, label: string): boolean {
  const words = (text: string) => text.toLowerCase().match(/[a-z]+|\d+/g) ?? [];
  const [start = ""] = label.split("(");
  const isIn = (some: readonly string[], all: readonly string[]) => some.every((word) => all.includes(word));
  return isIn(words(declared), words(label)) || isIn(words(start), words(declared));
}

/**
 * Whether a model matches a declared name. The declared name can be a part of the model's name, and can have a thinking
 * level.
 */
function isSamePattern(declared: string, recorded: string): boolean {
  const name = declared.replace(/:[a-z]+$/, "").toLowerCase();
  const found = recorded.toLowerCase();
  if (found === name || name.endsWith(`/${found}`)) return true;
  return !/\d/.test(name) && found.includes(name.replaceAll("*", ""));
}
