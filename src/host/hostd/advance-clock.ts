/** Seconds between two ticks that count at most. */
const MOST_UNSEEN = 5;

/**
 * The deadman's own clock: seconds that it was awake for. Time in which it saw nothing, because the machine slept,
 * was stopped or was off, or it was itself, is not held against any agent; and no change of the wall clock is.
 *
 * @param clock the seconds so far, over restarts and reboots
 * @param since seconds of the monotonic clock since the last tick
 */
export function advance(clock: number, since: number): number {
  return clock + Math.min(Math.max(since, 0), MOST_UNSEEN);
}
