import { MusterError } from "../../base/errors.ts";
import { agentUnit, watcherUnit } from "../../model/host-paths.ts";
import type { Screen } from "../../model/screen.ts";
import type { Host } from "../context.ts";
import { isRunning, showProperties } from "../units/systemctl.ts";
import { parseScreen } from "./parse-screen.ts";
import { startTmuxClient, type TmuxClient } from "./tmux-client.ts";
import { bufferCommands } from "./tmux-lines.ts";
import { type RunningAgent, watcherCommand } from "./watcher-command.ts";

/** The screen of an agent's terminal, and whether its program can read input. */
export interface TerminalState extends Screen {
  /** Whether the program in the terminal has ended. */
  readonly isDead: boolean;
  /** Whether somebody has scrolled up. In this state, tmux reads the input instead of the program. */
  readonly isScrolled: boolean;
}

/** The terminal of a running agent. All functions reject with a MusterError if the agent's tmux does not respond. */
export interface AgentTerminal {
  read(): Promise<TerminalState>;
  /** Returns the content and the history of the terminal, oldest line first. @param last the maximum number of lines */
  history(last: number): Promise<readonly string[]>;
  /**
   * Pastes a text, as a bracketed paste if the program has requested this; see "bracketed paste" in xterm's ctlseqs.
   */
  paste(buffer: string, text: string): Promise<void>;
  /** Sends keystrokes to the terminal, as names of keys or as bytes in hexadecimal. */
  type(keys: readonly string[]): Promise<void>;
  close(): Promise<void>;
  readonly ended: Promise<void>;
}

/** The first pane of a tmux server, in which muster-run runs the agent's program. */
const PANE = "%0";

const STATE =
  "#{pane_width} #{pane_height} #{cursor_x} #{cursor_y} #{cursor_flag} #{pane_dead} #{pane_in_mode}";

/** The maximum size of a terminal, in columns and rows. The agent decides the size. */
const MOST_COLUMNS = 1000;
const MOST_ROWS = 500;

let sessions = 0;

/** The units of the clients that this process has started and not stopped. */
const openUnits = new Set<string>();

/**
 * Opens the terminal of an agent. Everything that reads from the agent's tmux server runs as the agent's user,
 * in a sandbox.
 *
 * @throws MusterError if the agent does not run on this host
 */
export function openTerminal(host: Host, agent: string): AgentTerminal {
  const running = runningAgent(host, agent);
  sessions += 1;
  const name = watcherUnit(agent, `${process.pid}-${sessions}`);
  openUnits.add(name);
  const client = startTmuxClient(agent, "systemd-run", watcherCommand(running, name));
  const terminal = terminalOf(agent, client);
  return {
    ...terminal,
    close: async () => {
      await terminal.close();
      stopUnits(host, [name]);
    },
  };
}

/** Stops all clients of this process, without waiting. */
export function stopWatchers(host: Host): void {
  stopUnits(host, [...openUnits]);
}

/**
 * Stops clients. A server can have made its client run another program. Such a program does not end when its input
 * ends.
 */
function stopUnits(host: Host, names: readonly string[]): void {
  if (names.length > 0) host.run("systemctl", ["stop", "--no-block", "--", ...names]);
  for (const name of names) openUnits.delete(name);
}

/** Whether an agent's unit runs. */
export function isAgentRunning(host: Host, agent: string): boolean {
  return isRunning(propertiesOf(host, agent));
}

/** Returns the functions of a terminal on a client of the agent's tmux server. */
export function terminalOf(agent: string, { ask, close, ended }: TmuxClient): AgentTerminal {
  return {
    read: async () => {
      const [[state = ""], lines] = await Promise.all([
        ask(`display-message -p -t ${PANE} '${STATE}'`),
        ask(`capture-pane -p -e -N -t ${PANE}`),
      ]);
      return parseState(agent, state, lines);
    },
    history: (last) => ask(`capture-pane -p -J -S -${last} -t ${PANE}`),
    paste: async (buffer, text) => {
      for (const command of bufferCommands(buffer, text)) await ask(command);
      await ask(`paste-buffer -p -r -d -b ${buffer} -t ${PANE}`);
    },
    type: async (keys) => {
      for (const key of keys) await ask(`send-keys -t ${PANE} ${keyWords(key)}`);
    },
    close,
    ended,
  };
}

function keyWords(key: string): string {
  return /^[0-9a-f]+$/.test(key) ? `-H ${key.match(/../g)?.join(" ")}` : key;
}

function parseState(agent: string, state: string, lines: readonly string[]): TerminalState {
  const [width = 0, height = 0, x = 0, y = 0, isVisible, isDead, mode] = state.split(" ").map(Number);
  const isValid = width > 0 && width <= MOST_COLUMNS && height > 0 && height <= MOST_ROWS;
  if (!isValid) throw new MusterError({ what: `the terminal of ${agent}`, why: "its size is invalid" });
  const rows = lines.slice(0, height).map((line) => line.slice(0, 40 * width));
  return {
    ...{ width, height, rows: parseScreen(rows) },
    ...(isVisible === 1 && { cursor: { x, y } }),
    isDead: isDead === 1,
    isScrolled: mode !== 0,
  };
}

function runningAgent(host: Host, agent: string): RunningAgent {
  const unit = agentUnit(agent);
  const state = propertiesOf(host, agent);
  const { User: user = "", Group: group = "", Slice: slice = "" } = state;
  if (user === "" || user === "root")
    throw new MusterError({
      what: agent,
      why: "it is not on this host.",
      next: "Run `npx pulumi up` first.",
    });
  if (!isRunning(state))
    throw new MusterError({
      what: agent,
      why: "it does not run.",
      next: `Run \`npx fleet start ${agent}\`.`,
    });
  return { agent, unit, user, group, slice };
}

function propertiesOf(host: Host, agent: string) {
  const properties = ["LoadState", "ActiveState", "User", "Group", "Slice"];
  return showProperties(host, [agentUnit(agent)], properties)[0] ?? {};
}
