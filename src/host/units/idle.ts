import type { Reading } from "../hostd/types.ts";
import { paneQuietFor } from "./tmux-pane.ts";

/** Seconds without output after which a terminal is quiet: a program at work shows that it is, some of them by turning a wheel. */
const QUIET = 20;

/**
 * Whether an agent waits for work: as its heartbeat says, and where that says nothing by its terminal being quiet.
 *
 * @param server the unit's main process, a tmux server
 */
export function isIdle({ state }: Reading, server: number): boolean {
  return state === undefined ? paneQuietFor(server) >= QUIET : state === "idle";
}
