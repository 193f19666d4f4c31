import { lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { agentLogDir, agentOfUnit, CREDENTIALS_DIR, lastRunFile } from "../../model/host-paths.ts";
import { shown } from "../../model/shorten-for-display.ts";
import { withPathItem } from "../fs/open-without-symlinks.ts";
import { readEntry, typeOf } from "../fs/read.ts";
import { readOwn } from "../store/state-files.ts";

/** The end of the last run of an agent's program. */
export interface LastRun {
  readonly status: number;
  /** The last lines on the terminal of the program, without empty lines; a few at most. */
  readonly lines: readonly string[];
}

/** The maximum size of the file in bytes. A terminal shows fewer bytes. */
const CAP = 256 * 1024;

/** Seconds after which a file is too old to belong to the run that has just ended. */
const FRESH = 60;

const MOST_LINES = 5;

/** The shortest secret that is hidden. Shorter values also occur in ordinary words. */
const SHORTEST_SECRET = 6;

/**
 * Reads the output and the exit status that muster-run has saved of the last run of an agent's program. Replaces the
 * values of the agent's credentials.
 *
 * @param within the number of seconds since the start of this run
 * @returns undefined if the unit does not belong to an agent, or if no recent run was saved
 */
export function readLastRun(unit: string, within = FRESH): LastRun | undefined {
  const agent = agentOfUnit(unit);
  if (agent === undefined) return undefined;
  try {
    const text = keptText(agent, Math.min(within, FRESH));
    return text === undefined ? undefined : parseLastRun(hideSecrets(agent, text));
  } catch {
    return undefined;
  }
}

/** Parses the text of the file: the terminal's lines, and the exit status in the last line. */
export function parseLastRun(text: string): LastRun | undefined {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  const status = lines.pop() ?? "";
  if (!/^\d{1,3}$/.test(status)) return undefined;
  return { status: Number(status), lines: lines.slice(-MOST_LINES).map((line) => shown(line.trim())) };
}

/**
 * Returns the end of a run as a clause, such as "with exit status 1". A shell reports a signal as 128 plus the signal's
 * number.
 */
export function endOf({ status }: LastRun): string {
  const signal = status > 128 ? ` (signal ${status - 128})` : "";
  return `with exit status ${status}${signal}`;
}

/** Replaces the values of an agent's credentials in a text. */
export function hideSecrets(agent: string, text: string): string {
  return withoutSecrets(text, secretsOf(agent));
}

/** Replaces secrets in a text. */
export function withoutSecrets(text: string, secrets: readonly string[]): string {
  const hidden = secrets.filter((one) => one.length >= SHORTEST_SECRET);
  return hidden.reduce((rest, secret) => rest.replaceAll(secret, "[a credential]"), text);
}

/** Reads the file if it belongs to the agent and is new. Does not open a link or a FIFO at its path. */
function keptText(agent: string, seconds: number): string | undefined {
  const { uid } = lstatSync(agentLogDir(agent));
  return withPathItem(lastRunFile(agent), (entry) => {
    if (entry === undefined || typeOf(entry.stats) !== "file" || entry.stats.uid !== uid) return undefined;
    if (Date.now() - entry.stats.mtimeMs > seconds * 1000) return undefined;
    return readEntry(entry, CAP)?.toString("utf8");
  });
}

function secretsOf(agent: string): string[] {
  const folder = join(CREDENTIALS_DIR, agent);
  try {
    return readdirSync(folder).flatMap((name) =>
      valuesIn(readOwn(join(folder, name))?.toString("utf8") ?? ""),
    );
  } catch {
    return [];
  }
}

/** Returns the secrets in a file: the value if the file is one line for EnvironmentFile=; otherwise, each line. */
function valuesIn(text: string): string[] {
  const [, quoted] = /^\w+="(.*)"\n$/s.exec(text) ?? [];
  return quoted === undefined
    ? text.split("\n").map((line) => line.trim())
    : [quoted.replace(/\\(["\\`$])/g, "$1")];
}
