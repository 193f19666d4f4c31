import { createHash } from "node:crypto";
import { lstatSync, rmSync } from "node:fs";
import { MusterError } from "../../base/errors.ts";
import { type Former, formerLabel } from "../../model/former-unit.ts";
import { type Account, accountOf, readAccounts } from "../accounts/read-accounts.ts";
import type { Host } from "../context.ts";
import { readOwn, writeOwn } from "../store/state-files.ts";
import { hasCode, pause } from "../system/error-reason.ts";
import type { ProgramResult } from "../system/run-program.ts";

/** A session of a tmux server that Muster did not start. */
export interface Session {
  readonly panes: readonly Pane[];
}

interface Pane {
  readonly pid: number;
  readonly workdir: string;
  /** The command with which the pane was started, in the syntax of tmux; empty if the pane was started with a shell. */
  readonly command: string;
}

/**
 * The command, folder and variables with which a session was started. These values can be secret, so only root can read
 * the file that contains them.
 */
interface SessionStart {
  readonly workdir: string;
  readonly command: string;
  /** The variables of the session, as `NAME=value`. */
  readonly environment: readonly string[];
}

const PANE = "#{session_name}\t#{pane_pid}\t#{pane_start_path}\t#{pane_start_command}";

/**
 * The maximum number of seconds until a tmux server responds, and of milliseconds until programs end with their
 * session.
 */
const ANSWER_TIME = 10;
const END_TIME = 10_000;

/**
 * Reads a session with the rights of the tmux server's owner. Returns undefined if there is no such session.
 *
 * @throws MusterError if the socket belongs to another user, or if no tmux server responds on the socket
 */
export function readSession(host: Host, former: Former): Session | undefined {
  const { account, socket } = placeOf(host, former);
  if (!hasSocket(former, account, socket)) return undefined;
  const { status, stdout, stderr } = tmux(host, former, ["list-panes", "-a", "-F", PANE]);
  if (status !== 0) {
    if (/^(no server running|error connecting)/.test(stderr)) return undefined;
    throw new MusterError({
      what: formerLabel(former),
      why: status === null ? "no tmux server answers on its socket." : stderr.trim(),
    });
  }
  const panes = stdout.split("\n").flatMap((line): Pane[] => {
    const [session, pid = "", workdir = "", ...command] = line.split("\t");
    return session === former.name ? [{ pid: Number(pid), workdir, command: command.join("\t") }] : [];
  });
  return panes.length === 0 ? undefined : { panes };
}

/**
 * Saves the command, folder and variables of a running session, so that the session can be restarted. Does nothing if
 * the session does not run.
 *
 * @throws MusterError if tmux does not know the session's start command
 */
export function keepSessionStart(host: Host, former: Former): void {
  const session = readSession(host, former);
  if (session === undefined) return;
  const [pane, ...others] = session.panes;
  if (pane === undefined || others.length > 0 || pane.command === "")
    throw new MusterError({
      what: `${formerLabel(former)} was not stopped`,
      why:
        others.length > 0
          ? `it has ${session.panes.length} panes, and only a session with one pane can be started again as it was.`
          : "its program was started from a shell in the pane, so Muster could not restart it with the same command.",
      next: `Start the agent with \`tmux new-session -d -s ${former.name} COMMAND\`, then run \`npx pulumi up\` again.`,
    });
  const shown = tmux(host, former, ["show-environment", "-t", `=${former.name}`]).stdout.split("\n");
  const environment = shown.filter((line) => /^[A-Za-z_][A-Za-z0-9_]*=/.test(line));
  const start: SessionStart = { workdir: pane.workdir, command: pane.command, environment };
  writeOwn(startFile(host, former), `${JSON.stringify(start)}\n`);
}

/** Ends a session and the programs in it. The other sessions of the tmux server keep running. */
export function stopSession(host: Host, former: Former): void {
  const session = readSession(host, former);
  if (session === undefined) return;
  const { account } = placeOf(host, former);
  tmux(host, former, ["kill-session", "-t", `=${former.name}`]);
  const pids = session.panes.map(({ pid }) => pid);
  for (const deadline = Date.now() + END_TIME; Date.now() < deadline; pause(100))
    if (!pids.some((pid) => isOf(account, pid))) return;
  // `kill` runs as the user, so it cannot end another user's new process with the same number.
  for (const pid of pids.filter((one) => isOf(account, one)))
    host.run("kill", ["-KILL", "--", String(pid)], { as: account });
}

/**
 * Restarts a session with its saved command, folder and variables. If the tmux server has ended with its last session,
 * a new server starts in a separate scope, so that the server does not end with this run.
 *
 * @throws MusterError if nothing was saved for the session, or if tmux does not start it
 */
export function startSession(host: Host, former: Former): void {
  if (readSession(host, former) !== undefined) return;
  const text = readOwn(startFile(host, former))?.toString("utf8");
  if (text === undefined)
    throw new MusterError({ what: formerLabel(former), why: "it is not known how it was started." });
  const { workdir, command, environment } = JSON.parse(text) as SessionStart;
  const variables = environment.flatMap((one) => ["-e", quoted(one)]);
  const input = `new-session -d -s ${quoted(former.name)} -c ${quoted(workdir)} ${variables.join(" ")} ${command}\n`;
  const { account, socket } = placeOf(host, former);
  const { name, home, shell } = account;
  const own = [`HOME=${home}`, `USER=${name}`, `LOGNAME=${name}`, `SHELL=${shell}`];
  // The command comes from standard input, because other users can see the arguments of a program.
  const words = ["tmux", "-u", "-S", socket, "start-server", ";", "source-file", "-"];
  const { status, stderr } = host.run(
    "systemd-run",
    ["--scope", "--quiet", "--collect", "runuser", "-u", name, "--", "env", ...own, ...words],
    { input },
  );
  if (status !== 0 || readSession(host, former) === undefined)
    throw new MusterError({ what: formerLabel(former), why: stderr.trim() || "tmux did not start it" });
}

/** Deletes the saved command, folder and variables of a session. */
export function forgetSessionStart(host: Host, former: Former): void {
  rmSync(startFile(host, former), { force: true });
}

/** Quotes a word for the parser of tmux. Between double quotes, tmux treats `\` and `$` as a shell does. */
function quoted(word: string): string {
  return `"${word.replaceAll(/[\\"$]/g, "\\$&")}"`;
}

function tmux(host: Host, former: Former, args: readonly string[]): ProgramResult {
  const { account, socket } = placeOf(host, former);
  // Without -u, tmux replaces tabs and non-ASCII letters in its output.
  return host.run("tmux", ["-u", "-S", socket, ...args], { as: account, timeout: ANSWER_TIME });
}

function placeOf(host: Host, { user = "", socket = "" }: Former): { account: Account; socket: string } {
  return { account: accountOf(readAccounts(host.paths.etc), user), socket };
}

/** Whether the user's socket exists. @throws MusterError if something else is at its path */
function hasSocket(former: Former, account: Account, socket: string): boolean {
  try {
    const stats = lstatSync(socket);
    if (stats.isSocket() && stats.uid === account.uid) return true;
    throw new MusterError({
      what: formerLabel(former),
      why: stats.isSocket() ? `the socket does not belong to ${account.name}.` : "its path is not a socket.",
      next: "Correct `replaces` of the agent.",
    });
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENOTDIR")) return false;
    throw error;
  }
}

function isOf(account: Account, pid: number): boolean {
  try {
    return lstatSync(`/proc/${pid}`).uid === account.uid;
  } catch (error) {
    if (hasCode(error, "ENOENT")) return false;
    throw error;
  }
}

function startFile(host: Host, former: Former): string {
  const digest = createHash("sha256").update(formerLabel(former)).digest("hex");
  return `${host.paths.hostd}/sessions/${digest}.json`;
}
