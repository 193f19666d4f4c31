import type { Refusal } from "../../model/limits.ts";
import type { Tokens } from "../../model/usage.ts";
import {
  type Counted,
  countedIn,
  type Evidence,
  forgetOldest,
  growth,
  hashOf,
  type UsageState,
} from "./agent-usage-state.ts";
import { claudeRecord } from "./claude-record.ts";
import { codexRecord } from "./codex-record.ts";
import { type Database, type DatabaseRows, databasesIn } from "./databases.ts";
import type { FileState, Found, LineRecord, Response } from "./found.ts";
import { HERMES_LOG, refusalInLog, type SessionTotals } from "./hermes-record.ts";
import { parsed } from "./json.ts";
import { piRecord } from "./pi-record.ts";
import {
  type Budget,
  type Position,
  type RecordFile,
  readNewLines,
  recordFile,
  recordFiles,
} from "./read-lines.ts";

/** All records in lines of JSON. A home without a record has no such folder. */
const RECORDS: readonly LineRecord[] = [claudeRecord, codexRecord, piRecord];

/** The number of bytes and of folder entries that one run reads of one agent. */
const BUDGET = { bytes: 32 * 1024 * 1024, entries: 20_000 };

/** The milliseconds by which a record can be ahead of the clock. A later time is false. */
const CLOCK_ERROR = 60_000;

/** Usage that was not counted before. */
export interface NewUsage extends Tokens {
  /** When the response arrived, in milliseconds since 1970. */
  readonly at: number;
  readonly model: string;
  readonly requests: number;
  readonly cost: number;
  readonly uncosted: number;
}

export interface Collected {
  readonly state: UsageState;
  readonly usage: readonly NewUsage[];
  readonly evidence: Evidence;
}

/** Reads the new rows of an agent's databases. */
export type ReadDatabases = (home: string, databases: readonly Database[]) => readonly DatabaseRows[];

/**
 * Reads what the runtimes of an agent have recorded since the last run. One run reads a limited number of bytes, so a
 * huge record delays no other agent for long. Must run with the rights of the agent's user.
 */
export function collectUsage(
  home: string,
  before: UsageState,
  known: Evidence,
  readRows: ReadDatabases,
  now = Date.now(),
): Collected {
  const collector = new Collector(before, known, now);
  const budget: Budget = { ...BUDGET };
  for (const record of RECORDS) {
    for (const file of recordFiles(home, record.folder, record.depth, ".jsonl", budget))
      collector.readFile(home, file, budget, (line, state) => findIn(record, line, state));
  }
  const log = recordFile(home, HERMES_LOG);
  if (log !== undefined) collector.readFile(home, log, budget, (line) => logLine(line));
  const databases = databasesIn(home, before.databases, budget);
  if (databases.length > 0) collector.readRows(readRows(home, databases));
  return collector.result(budget.bytes > 0 && budget.entries > 0);
}

function findIn(
  { words, read }: LineRecord,
  text: string,
  state: FileState,
): Found & { readonly file?: FileState } {
  if (!words.some((word) => text.includes(word))) return {};
  const line = parsed(text);
  return line === undefined ? {} : read(line, state);
}

function logLine(line: string): Found {
  const refusal = refusalInLog(line);
  return refusal === undefined ? {} : { refusal };
}

/** Collects the usage of one agent in one run. */
class Collector {
  private readonly usage: NewUsage[] = [];
  private readonly files: Record<string, Position & FileState> = {};
  private readonly responses: Record<string, readonly [number, Counted]>;
  private readonly sessions: Record<string, readonly [number, Counted]>;
  private readonly databases: Record<string, number>;
  private readonly before: UsageState;
  private readonly now: number;
  private evidence: Evidence;

  constructor(before: UsageState, known: Evidence, now: number) {
    this.before = before;
    this.now = now;
    this.responses = { ...before.responses };
    this.sessions = { ...before.sessions };
    this.databases = { ...before.databases };
    this.evidence = known;
  }

  readFile(
    home: string,
    { path, inode, size }: RecordFile,
    budget: Budget,
    find: (line: string, state: FileState) => Found & { readonly file?: FileState },
  ): void {
    const last = this.before.files[path];
    if (last !== undefined) this.files[path] = last;
    if (last?.inode === inode && last.offset === size) return;
    const { model, hasResponses } = last?.inode === inode ? last : {};
    let state: FileState = { ...(model !== undefined && { model }), ...(hasResponses && { hasResponses }) };
    const position = readNewLines(`${home}/${path}`, last, budget, (line) => {
      const { response, refusal, file } = find(line, state);
      if (file !== undefined) state = file;
      if (response !== undefined) this.add(response);
      if (refusal !== undefined) this.notice({ refusal });
    });
    if (position !== undefined) this.files[path] = { ...position, ...state };
  }

  readRows(all: readonly DatabaseRows[]): void {
    for (const { path, until, sessions, lines } of all) {
      this.databases[path] = Math.min(until, this.now);
      for (const totals of sessions) this.addSession(totals);
      for (const line of lines) {
        const { response, refusal } = findIn(piRecord, line, {});
        if (response !== undefined) this.add(response);
        if (refusal !== undefined) this.notice({ refusal });
      }
    }
  }

  result(isComplete: boolean): Collected {
    const { files, responses, sessions, databases, usage, evidence } = this;
    const state = forgetOldest({ ...this.before, files, responses, sessions, databases }, isComplete);
    return { state, usage, evidence };
  }

  private addSession(totals: SessionTotals): void {
    const hash = hashOf(totals.key);
    if (this.sessions[hash] === undefined && totals.at <= this.before.horizon) return;
    const now = countedIn({ tokens: totals, cost: totals.cost }, totals.requests);
    const at = Math.min(totals.at, this.now);
    this.count(at, totals.model, growth(this.sessions[hash]?.[1], now));
    this.sessions[hash] = [totals.at, now];
    this.notice({ success: at });
  }

  private add(response: Response): void {
    const at = Math.min(response.at, this.now);
    const hash = hashOf(response.key);
    const known = this.responses[hash];
    if (known === undefined && response.at <= this.before.horizon) return;
    const now = countedIn(response);
    this.count(at, response.model, growth(known?.[1], now));
    this.responses[hash] = [response.at, known === undefined ? now : larger(known[1], now)];
    this.notice({ success: at });
  }

  private count(at: number, model: string, grown: Counted): void {
    const [input, output, cacheRead, cacheWrite, requests, cost] = grown;
    if (grown.every((one) => one === 0)) return;
    const uncosted = cost > 0 ? 0 : requests;
    this.usage.push({ at, model, input, output, cacheRead, cacheWrite, requests, cost, uncosted });
  }

  private notice({ refusal, success }: { readonly refusal?: Refusal; readonly success?: number }): void {
    const { evidence } = this;
    if (success !== undefined && success > (evidence.success ?? 0)) this.evidence = { ...evidence, success };
    if (refusal === undefined || refusal.at > this.now + CLOCK_ERROR) return;
    const name = refusal.kind === "rate" ? "rate" : "refusal";
    const known = evidence[name];
    if (refusal.at >= (known?.at ?? 0))
      this.evidence = { ...this.evidence, [name]: withTime(refusal, known) };
  }
}

function larger(one: Counted, other: Counted): Counted {
  return one.map((value, i) => Math.max(value, other[i] ?? 0)) as unknown as Counted;
}

/** The milliseconds between two records of the same refusal, such as those of several attempts. */
const SAME = 5 * 60_000;

/** Returns the later of two records of a refusal. Only one of several records may name the time at which it ends. */
function withTime(refusal: Refusal, known: Refusal | undefined): Refusal {
  const isSame = known?.kind === refusal.kind && refusal.at - known.at < SAME;
  return isSame && refusal.until === undefined && known.until !== undefined
    ? { ...refusal, until: known.until }
    : refusal;
}
