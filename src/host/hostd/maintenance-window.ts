import type { MaintenanceWindow } from "../../model/deadman.ts";

const DAY = 24 * 60;

/** Whether one of the windows is open. @param now the wall clock, which these alone are about */
export function isMaintenance(windows: readonly MaintenanceWindow[], now: Date): boolean {
  const minute = now.getUTCHours() * 60 + now.getUTCMinutes();
  const today = now.getUTCDay();
  const yesterday = (today + 6) % 7;
  return windows.some(({ days, from, to }) => {
    const end = to > from ? to : to + DAY;
    const isIn = (at: number) => at >= from && at < end;
    return (days.includes(today) && isIn(minute)) || (days.includes(yesterday) && isIn(minute + DAY));
  });
}
