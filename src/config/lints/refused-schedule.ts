import { refusedTimes } from "../check-calendar.ts";
import type { Lint } from "./lint.ts";

/** A time that systemd does not take would leave the job without a timer. */
export const refusedSchedule: Lint = ({ jobs }) => {
  const refused = refusedTimes(Object.values(jobs).flatMap(({ schedule }) => schedule));
  return Object.values(jobs).flatMap(({ name, schedule }) =>
    schedule
      .filter((time) => refused.has(time))
      .map((time) => ({
        keys: ["jobs", name, "schedule"],
        sentence: `"${time}" is no time that systemd takes; \`systemd-analyze calendar\` and systemd.time(7) tell which are`,
      })),
  );
};
