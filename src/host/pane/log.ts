import { visible } from "../../base/terminal-text.ts";
import { agentUnit } from "../../model/host-paths.ts";
import type { LogAnswer, LogEntry, LogRequest } from "../../model/pane.ts";
import type { Host } from "../context.ts";
import { isAgentRunning } from "./agent-terminal.ts";
import { withView } from "./pane-views.ts";

/** The maximum length of an entry in characters. A journal can contain much longer entries. */
const LONGEST = 4000;

/** Serves the request `log`: the journal of an agent's unit, and the history of its terminal. */
export async function log(host: Host, { agent, last, cursor }: LogRequest): Promise<LogAnswer> {
  const journal = readJournal(host, agentUnit(agent), last, cursor);
  if (!isAgentRunning(host, agent)) return journal;
  const lines = await withView(host, agent, ({ terminal }) => terminal.history(last));
  const filled = lines.slice(0, lines.findLastIndex((line) => line.trim() !== "") + 1);
  return { ...journal, pane: filled.slice(-last).map((line) => visible(line.slice(0, LONGEST).trimEnd())) };
}

function readJournal(host: Host, unit: string, last: number, cursor?: string): Omit<LogAnswer, "pane"> {
  const from = cursor === undefined ? [`--lines=${last}`] : [`--after-cursor=${cursor}`, `--lines=${last}`];
  const { stdout } = host.run("journalctl", [
    `--unit=${unit}`,
    "--output=json",
    "--no-pager",
    "--quiet",
    ...from,
  ]);
  const rows = stdout.split("\n").flatMap(parseRow);
  const end = rows.at(-1)?.cursor ?? cursor;
  return { entries: rows.map(({ entry }) => entry), ...(end !== undefined && { cursor: end }) };
}

function parseRow(line: string): { readonly entry: LogEntry; readonly cursor: string }[] {
  if (line === "") return [];
  const row = JSON.parse(line) as Record<string, unknown>;
  const time = new Date(Number(row["__REALTIME_TIMESTAMP"]) / 1000).toISOString();
  const program = visible(String(row["SYSLOG_IDENTIFIER"] ?? row["_COMM"] ?? ""));
  return [{ entry: { time, program, text: messageOf(row["MESSAGE"]) }, cursor: String(row["__CURSOR"]) }];
}

/** Returns a message as text. journalctl prints bytes that are not text as a list of numbers. */
function messageOf(value: unknown): string {
  const text = Array.isArray(value) ? Buffer.from(value as number[]).toString("utf8") : String(value ?? "");
  return visible(text.slice(0, LONGEST));
}
