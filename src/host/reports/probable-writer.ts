import { lstatSync } from "node:fs";
import { dirname } from "node:path";
import type { HostItem } from "../../model/items.ts";
import type { ProbableWriter } from "../../model/ledger.ts";
import { shown } from "../../model/shorten-for-display.ts";
import { asUser } from "../accounts/as-user.ts";
import type { RequestContext } from "../request-context.ts";
import { programOf } from "../unmanaged/command.ts";
import { recordedWriter } from "../writers/recorded-writers.ts";

/**
 * The maximum number of searches in the journal for one request, and of names for a file. Each search covers one
 * second.
 */
const MOST_SEARCHES = 3;
const MOST_NAMES = 5;

/**
 * The message IDs of systemd(1) for "starting a unit" and "started a unit", and of systemd-logind for a new session.
 */
const STARTING = "7d4958e842da4a758f6c1cdc7b36dcc5";
const STARTED = "39f53479d3a045ac8e11786248231fbf";
const SESSION = "8d45620c1a4348dbb17410da57c60c66";

/**
 * Returns a function that finds the probable writer of an item's file. The returned function must be called before the
 * file is repaired. It reads only the file's attributes, with the rights of the item's actor.
 */
export function writerFinder(context: RequestContext): (item: HostItem) => ProbableWriter | undefined {
  const searches = new Map<number, readonly string[]>();
  const ranAt = (second: number) => {
    const known = searches.get(second);
    if (known !== undefined || searches.size >= MOST_SEARCHES) return known ?? [];
    const ran = searchJournal(context, second);
    searches.set(second, ran);
    return ran;
  };
  return (item) => {
    if (!("path" in item)) return undefined;
    const actor = "actor" in item && item.actor !== undefined ? item.actor : undefined;
    const account = actor === undefined ? undefined : context.accounts.users.get(actor);
    const stats = asUser(account, () => statsOf(item.path) ?? statsOf(dirname(item.path)));
    if (stats === undefined) return undefined;
    // A process can set the other times of its files, but not the ctime.
    const { ctime, uid } = stats;
    const ran = ranAt(Math.floor(ctime.getTime() / 1000));
    return {
      ...recordedWriter(context.host, item.path, ctime.getTime()),
      ...{ time: ctime.toISOString(), owner: context.accounts.userName(uid), ran },
    };
  };
}

function statsOf(path: string) {
  try {
    return lstatSync(path);
  } catch {
    return undefined;
  }
}

interface JournalLine {
  readonly MESSAGE?: unknown;
  readonly MESSAGE_ID?: unknown;
  readonly SYSLOG_IDENTIFIER?: unknown;
  readonly UNIT?: unknown;
  readonly USER_ID?: unknown;
  readonly _UID?: unknown;
  readonly _SYSTEMD_UNIT?: unknown;
}

const FIELDS = "MESSAGE,MESSAGE_ID,SYSLOG_IDENTIFIER,UNIT,USER_ID,_UID,_SYSTEMD_UNIT";

/**
 * Returns the programs that ran in one second or the second before it, according to the journal: cron jobs, units and
 * sessions. Never returns a complete command line.
 */
function searchJournal({ host }: RequestContext, second: number): string[] {
  const span = ["--since", `@${second - 1}`, "--until", `@${second + 1}`];
  const options = ["--quiet", "--no-pager", "--output=json", `--output-fields=${FIELDS}`, "--lines=500"];
  const { status, stdout } = host.run("journalctl", [...options, ...span], { timeout: 5 });
  if (status !== 0) return [];
  const lines = stdout.split("\n").flatMap(parseLine);
  // A program that was started in this second is a more probable writer than a program that was already running.
  const names = [...lines.flatMap(startedBy), ...lines.flatMap(runningUnit)];
  return [...new Set(names.map((name) => shown(name, 80)))].slice(0, MOST_NAMES);
}

function parseLine(line: string): JournalLine[] {
  try {
    const parsed = JSON.parse(line) as unknown;
    return typeof parsed === "object" && parsed !== null ? [parsed] : [];
  } catch {
    return [];
  }
}

/**
 * Returns the program that was started, according to a message of root. Only root's messages count, because other users
 * could write the same messages.
 */
function startedBy(line: JournalLine): string[] {
  if (line._UID !== "0") return [];
  const message = String(line.MESSAGE);
  const [, user, command] = /^\((\S+)\) CMD \((.*)\)$/s.exec(message) ?? [];
  if (user !== undefined && /^cron/i.test(String(line.SYSLOG_IDENTIFIER)))
    return [`cron of ${user}: ${programOf(command ?? "")}`];
  if (line.MESSAGE_ID === SESSION) return [`a session of ${String(line.USER_ID)}`];
  const isStart = line.MESSAGE_ID === STARTING || line.MESSAGE_ID === STARTED;
  return isStart && typeof line.UNIT === "string" ? [line.UNIT] : [];
}

/** Returns the unit whose process wrote a message, unless the unit is a part of the system itself. */
function runningUnit({ _SYSTEMD_UNIT: unit }: JournalLine): string[] {
  if (typeof unit !== "string") return [];
  return /^(init\.scope|systemd-.*|dbus.*|cron\.service|ssh.*\.service)$/.test(unit) ? [] : [unit];
}
