import { setTimeout as sleep } from "node:timers/promises";
import { type AgentsAnswer, type AgentsReport, observeAgentsOn, selectedAgents } from "../observe/agents.ts";
import { renderAgents } from "../render/agents.ts";
import { type PsRun, reportFor, SOON } from "./show-agents.ts";

/** Moves the cursor to the upper left corner (CUP in ECMA-48). */
const HOME = "\u001b[H";

/** Clears the terminal (ED). */
const CLEAR = "\u001b[2J";

/** Clears from the cursor to the end of the line (EL), and to the end of the terminal (ED). */
const [CLEAR_LINE, CLEAR_REST] = ["\u001b[K", "\u001b[J"];

/** The number of milliseconds for which answers are collected, so that they are shown together. */
const TOGETHER = 100;

interface WatchRun extends PsRun {
  /** Forgets the connection to a host, so that the next query connects again. */
  reset(host: string): void;
  readonly seconds: number;
}

/**
 * Observes the agents repeatedly, over connections that are kept open, until the output is closed. Each host is queried
 * separately at the interval, so an unreachable host does not delay the other hosts. On a terminal, each report
 * overwrites the previous one without clearing it first, so that the terminal does not flicker.
 *
 * @returns the last report
 */
export async function watchAgents(run: WatchRun): Promise<AgentsReport> {
  const { fleet, selection, io, seconds } = run;
  const groups = [...selectedAgents(fleet, selection)];
  const answers = new Map<string, AgentsAnswer>();
  let isNew = groups.length === 0;
  for (const [host, agents] of groups) {
    void followHost(run, host, agents, (answer) => {
      answers.set(host, answer);
      isNew = true;
    });
  }
  const begin = Date.now();
  let last = "";
  while (!io.closed()) {
    await sleep(io.terminal || last === "" ? TOGETHER : seconds * 1000);
    const isLate = io.terminal && Date.now() - begin > SOON;
    if (!isNew || (last === "" && answers.size < groups.length && !isLate)) continue;
    isNew = false;
    const text = textOf(run, reportFor(fleet, groups, answers));
    if (text !== last) io.out(io.terminal ? frame(text, last === "") : text);
    last = text;
  }
  return reportFor(fleet, groups, answers);
}

/** Queries one host at the interval, until the output is closed. */
async function followHost(
  { fleet, open, reset, io, seconds }: WatchRun,
  host: string,
  agents: AgentsAnswer["things"],
  report: (answer: AgentsAnswer) => void,
): Promise<void> {
  while (!io.closed()) {
    const answer = await observeAgentsOn(fleet, host, agents, open);
    report(answer);
    if (answer.host.state !== "ok") reset(host);
    // `ref: false` lets the process end after the output is closed, without a wait for this timer.
    await sleep(seconds * 1000, undefined, { ref: false });
  }
}

function textOf({ toJson, screen, io }: WatchRun, report: AgentsReport): string {
  const current = { ...screen, columns: io.columns ?? screen.columns };
  return toJson === undefined ? renderAgents(report, current) : toJson(report);
}

/** Returns a text that replaces the previous report on a terminal. */
function frame(text: string, isFirst: boolean): string {
  return `${isFirst ? CLEAR : ""}${HOME}${text.replaceAll("\n", `${CLEAR_LINE}\n`)}${CLEAR_REST}`;
}
