/** The longest time in milliseconds from a refusal to its end. A later end cannot be true. */
const LONGEST = 32 * 86_400_000;

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** The number of milliseconds of each unit of a duration, by its first letter. */
const UNITS: Readonly<Record<string, number>> = { s: SECOND, m: MINUTE, h: HOUR, d: DAY };

const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/**
 * Finds the time at which a limit ends in the text of a refusal.
 *
 * @param at when the provider refused the request, in milliseconds since 1970
 * @returns milliseconds since 1970; undefined if the text names no time, or an impossible time
 */
export function resetTimeIn(text: string, at: number): number | undefined {
  const found = [epochIn(text), secondsIn(text, at), isoIn(text), clockIn(text, at), durationIn(text, at)];
  return plausible(
    found.find((one) => one !== undefined),
    at,
  );
}

/** Returns a time only if a limit can end at this time. */
export function plausible(until: number | undefined, at: number): number | undefined {
  return until !== undefined && until > at - MINUTE && until <= at + LONGEST ? until : undefined;
}

/** `"resets_at": 1796095718`, in seconds or milliseconds. */
function epochIn(text: string): number | undefined {
  // Old versions of Claude Code write the time after a line.
  const [, number] = /(?:resets?_?at\\?["']?\s*[:=]\s*|reached\|)(\d{10,13})\b/i.exec(text) ?? [];
  if (number === undefined) return undefined;
  return number.length === 10 ? Number(number) * SECOND : Number(number);
}

/** `"resets_in_seconds": 7200`. */
function secondsIn(text: string, at: number): number | undefined {
  const [, number] = /resets?_in(?:_seconds)?\\?["']?\s*[:=]\s*(\d{1,8})\b/i.exec(text) ?? [];
  return number === undefined ? undefined : at + Number(number) * SECOND;
}

/** `2026-12-01 at 00:00 UTC` or `2026-12-01T00:00:00Z`. */
function isoIn(text: string): number | undefined {
  const [, day, time] = /(\d{4}-\d\d-\d\d)(?:T|,? at | )(\d\d:\d\d(?::\d\d)?)/.exec(text) ?? [];
  return day === undefined ? undefined : Date.parse(`${day}T${time}Z`);
}

/**
 * `resets 3:26am (UTC)`, `resets Dec 3, 3am (Europe/Berlin)`, `try again at Dec 3rd, 2026 3:28 AM`. Without a time zone,
 * this is the time zone of the host. Without a day, this is the next time at which a clock shows this time.
 */
function clockIn(text: string, at: number): number | undefined {
  const day = "(?:([A-Z][a-z]{2})[a-z]* (\\d{1,2})(?:st|nd|rd|th)?,? (?:(\\d{4}),? )?(?:at )?)?";
  const form = new RegExp(
    `(?:resets?|again|renews)(?: at| on)? ${day}(\\d{1,2})(?::(\\d\\d))? ?([ap]m)(?: \\(([\\w/+-]+)\\))?`,
    "i",
  );
  const match = form.exec(text);
  if (match === null) return undefined;
  const [, month, date, year, hour = "0", minute = "0", half = "", zone] = match;
  const hours = (Number(hour) % 12) + (half.toLowerCase() === "pm" ? 12 : 0);
  const here = partsIn(zone, at);
  if (here === undefined) return undefined;
  const index = month === undefined ? here.month : MONTHS.indexOf(month.toLowerCase());
  if (index < 0 || hours > 23 || Number(minute) > 59) return undefined;
  const offset = Math.round((here.asUtc - at) / MINUTE) * MINUTE;
  const of = (y: number, m: number, d: number) => Date.UTC(y, m, d, hours, Number(minute)) - offset;
  if (month === undefined) {
    const today = of(here.year, here.month, here.day);
    return today > at - MINUTE ? today : of(here.year, here.month, here.day + 1);
  }
  const thisYear = of(Number(year ?? here.year), index, Number(date));
  return year === undefined && thisYear < at - DAY ? of(here.year + 1, index, Number(date)) : thisYear;
}

interface Parts {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  /** The time that a clock shows in the time zone, as if it were UTC. */
  readonly asUtc: number;
}

/** Returns what a clock shows in a time zone; undefined for an unknown time zone. */
function partsIn(zone: string | undefined, at: number): Parts | undefined {
  try {
    const format = new Intl.DateTimeFormat("en-GB", {
      ...(zone !== undefined && { timeZone: zone }),
      ...{ year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric" },
      ...{ second: "numeric", hourCycle: "h23" },
    });
    const parts = Object.fromEntries(
      format.formatToParts(at).map(({ type, value }) => [type, Number(value)]),
    );
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
    return { year, month: month - 1, day, asUtc: Date.UTC(year, month - 1, day, hour, minute, second) };
  } catch {
    return undefined;
  }
}

/** `try again in 2 hours 3 minutes`, `in ~132 min`, `retry in 1.2s`. */
function durationIn(text: string, at: number): number | undefined {
  const [, words] =
    /\b(?:again|retry|resets?)(?: after)? in ~?((?:[\d.]+ ?[a-z]+[ ,]*(?:and )?)+)/i.exec(text) ?? [];
  if (words === undefined) return undefined;
  const parts = [...words.matchAll(/([\d.]+) ?(ms|[smhd])/gi)];
  const sum = parts.reduce(
    (total, [, number, unit = ""]) =>
      total + Number(number) * (unit.toLowerCase() === "ms" ? 1 : (UNITS[unit.toLowerCase()] ?? 0)),
    0,
  );
  return Number.isFinite(sum) && sum > 0 ? at + sum : undefined;
}
