import { readAccounts } from "../accounts/read-accounts.ts";
import type { Host } from "../context.ts";
import { readRecords } from "../store/records.ts";
import { describeProcess } from "./describe-process.ts";
import {
  type RecordedWriters,
  readRecordedWriters,
  type WriteEvent,
  writeRecordedWriters,
} from "./recorded-writers.ts";
import { startTrace } from "./start-trace.ts";

/** Milliseconds between two checks for newly declared files, and between two writes of the record. */
const SEARCH = 30_000;
const SAVE = 1000;

/** Milliseconds until the record is tried again on a host that cannot record writers. */
const RETRY = 600_000;

/** The maximum number of files, of events of one file, and of events within one second. */
const MOST_FILES = 4000;
const MOST_EVENTS = 5;
const MOST_IN_SECOND = 50;

/** Records which processes write the declared files, until systemd stops this program. */
export function recordWriters(host: Host): void {
  process.umask(0o077);
  let recorded: RecordedWriters = {
    since: new Date().toISOString(),
    events: readRecordedWriters(host)?.events ?? {},
  };
  let isSaved = false;
  const update = (change: Partial<RecordedWriters>) => {
    recorded = { ...recorded, ...change };
    isSaved = false;
  };
  const save = () => {
    if (!isSaved) writeRecordedWriters(host, recorded);
    isSaved = true;
  };
  const isFlood = limitPerSecond(MOST_IN_SECOND);
  let files: readonly string[] = [];
  let retryAt = 0;
  let stop = () => {};
  const fail = (error: string) => {
    // The unit keeps running: a host whose kernel cannot report writers is healthy nevertheless.
    [files, retryAt] = [[], Date.now() + RETRY];
    update({ error });
  };
  const search = () => {
    const declared = declaredFiles(host);
    if (declared.join("\n") === files.join("\n") || Date.now() < retryAt) return;
    files = declared;
    stop();
    const { error: _, ...sound } = recorded;
    recorded = { ...sound, since: recorded.error === undefined ? recorded.since : new Date().toISOString() };
    isSaved = false;
    const onLine = (line: string) => {
      if (isFlood()) return update({ lost: new Date().toISOString() });
      update({ events: withEvent(host, recorded.events, line, files) });
    };
    stop = startTrace(host, files, onLine, fail);
  };
  search();
  setInterval(search, SEARCH);
  setInterval(save, SAVE);
  process.on("SIGTERM", () => {
    stop();
    save();
    process.exit(0);
  });
}

/** Returns the paths of the files that agents' resources declare on this host. */
function declaredFiles(host: Host): string[] {
  const items = readRecords(host).flatMap((record) =>
    record.type === "Agent" ? Object.values(record.items) : [],
  );
  const paths = items.flatMap((item) => (item.kind === "file" || item.kind === "rows" ? [item.path] : []));
  return [...new Set(paths)].sort().slice(0, MOST_FILES);
}

function limitPerSecond(most: number): () => boolean {
  let [start, count] = [0, 0];
  return () => {
    const now = Date.now();
    if (now - start >= 1000) [start, count] = [now, 0];
    count += 1;
    return count > most;
  };
}

/** A line of fatrace: `1796089683.506776 sh(28558): CW  /home/iris/SOUL.md`. */
const LINE = /^(\d+\.\d+) (.*)\((\d+)\): [A-Z]+\s+(\/.*)$/;

/** Adds the event in a line of fatrace. A file such as SOUL.md.tmp, which soon replaces SOUL.md, counts as SOUL.md. */
export function withEvent(
  host: Host,
  events: RecordedWriters["events"],
  line: string,
  files: readonly string[],
): RecordedWriters["events"] {
  const [, seconds, name = "", pid, path = ""] = LINE.exec(line) ?? [];
  const file = files.find((one) => path === one) ?? files.find((one) => path.startsWith(`${one}.`));
  // Muster's own new files are renamed to the declared files.
  if (file === undefined || path.endsWith(".muster-new")) return events;
  const { userName } = readAccounts(host.paths.etc);
  const event: WriteEvent = { at: Number(seconds) * 1000, ...describeProcess(Number(pid), name, userName) };
  const known = events[file] ?? [];
  const last = known.at(-1);
  // One write causes several events. The first one has the most facts.
  if (
    last?.pid === event.pid &&
    event.at - last.at < 1000 &&
    (last.user !== undefined || event.user === undefined)
  )
    return events;
  return { ...events, [file]: [...known, event].slice(-MOST_EVENTS) };
}
