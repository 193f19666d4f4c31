/** The values of one series by time, in seconds since 1970. */
type Series = Readonly<Record<string, (time: number) => number | undefined>>;

/** The distance in seconds between two values. Prometheus uses a value for 5 minutes. */
const STEP = 300;

const DAY = 86_400;

const HOUR = 3600;

/** Returns the date of a day before today, in UTC. */
export function pastDate(days: number): string {
  return new Date(startOf(days) * 1000).toISOString().slice(0, 10);
}

function startOf(days: number): number {
  const now = Math.floor(Date.now() / 1000);
  return now - (now % DAY) - days * DAY;
}

/** The shares in percent that Prometheus must report for iris on the last five days, oldest first. */
export const IRIS_UPTIMES: readonly number[] = [100, 50, 75, 100, 100];

/**
 * Returns what Prometheus would have stored on the last five days, in the OpenMetrics format. The host east of the
 * agent iris is observed from the middle of the first day. On the second day, it is off for 12 hours. On the third day,
 * its deadman writes nothing for 6 hours. On the fourth day, Prometheus itself runs for only 2 hours. On the fifth day,
 * iris is paused for 12 hours. The agent loom on the host hub always runs, and works half of the time.
 */
export function pastDays(): string {
  const at = (days: number, hour: number) => startOf(days) + hour * HOUR;
  const within = (time: number, from: number, to: number) => time >= from && time < to;
  const isObserved = (time: number) => !within(time, at(2, 2), at(1, 0));
  const isOff = (time: number) => within(time, at(4, 0), at(4, 12));
  const isSilent = (time: number) => within(time, at(3, 6), at(3, 12));
  const isPaused = (time: number) => within(time, at(1, 0), at(1, 12));
  const onEast = (value: (time: number) => number) => (time: number) =>
    time >= at(5, 12) && !isOff(time) ? value(time) : undefined;
  const east = 'host="east",instance="east",job="muster"';
  const hub = 'host="hub",instance="hub",job="muster"';
  const [iris, loom] = [`agent="iris",${east}`, `agent="loom",${hub}`];
  const metrics: Readonly<Record<string, Series>> = {
    up: { [east]: (time) => Number(!isOff(time)), [hub]: () => 1 },
    muster_agent_up: { [iris]: onEast((time) => Number(!isPaused(time))), [loom]: () => 1 },
    muster_agent_busy: {
      [iris]: onEast((time) => Number(!isPaused(time))),
      [loom]: (time) => (time / STEP) % 2,
    },
    muster_agent_paused: { [iris]: onEast((time) => Number(isPaused(time))), [loom]: () => 0 },
    muster_deadman_timestamp_seconds: {
      [east]: onEast((time) => (isSilent(time) ? at(3, 6) : time)),
      [hub]: (time) => time,
    },
  };
  const times = Array.from({ length: (5 * DAY) / STEP }, (_, i) => startOf(5) + i * STEP).filter(isObserved);
  const lines = Object.entries(metrics).flatMap(([name, series]) => [
    `# TYPE ${name} gauge`,
    ...Object.entries(series).flatMap(([labels, valueAt]) =>
      times.flatMap((time) => {
        const value = valueAt(time);
        return value === undefined ? [] : [`${name}{${labels}} ${value} ${time}`];
      }),
    ),
  ]);
  return `${lines.join("\n")}\n# EOF\n`;
}
