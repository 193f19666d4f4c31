import { readFileSync } from "node:fs";
import type { ErrorObject } from "ajv";
import { InvalidError } from "../../base/errors.ts";
import { visible } from "../../base/terminal-text.ts";
import { validateSnapshot } from "../../config/schema/validator.ts";
import type { ReportSnapshot } from "./phase-report.ts";

/**
 * Reads the figures of a phase report from a file.
 *
 * @throws InvalidError with one line for each error in the file
 */
export function readSnapshot(path: string): ReportSnapshot {
  const value = parse(path, read(path));
  const isValid = validateSnapshot(value);
  const sentences = [
    ...(isValid ? [] : (validateSnapshot.errors ?? []).map(sentence)),
    ...contradictions(value),
  ];
  if (sentences.length === 0) return value as ReportSnapshot;
  const lines = sentences.map((one) => `\n  ${visible(one)}`);
  throw new InvalidError({
    what: `${path} is not a snapshot`,
    why: `these values are invalid:${lines.join("")}\ndocs/schema/report-snapshot.schema.json describes the file.`,
  });
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new InvalidError({ what: `${path} was not read`, why, cause: error });
  }
}

function parse(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const why = `it is not JSON: ${error instanceof Error ? error.message : String(error)}`;
    throw new InvalidError({ what: `${path} is not a snapshot`, why, cause: error });
  }
}

function sentence({ instancePath, keyword, params, message }: ErrorObject): string {
  const place = instancePath === "" ? "the file" : instancePath.slice(1).replaceAll("/", ".");
  if (keyword === "additionalProperties")
    return `${place}: ${params["additionalProperty"]} is not a known key`;
  return `${place}: ${message}`;
}

const TIME = /^\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(\.\d+)?Z)?$/;

/**
 * Returns sentences about days that do not exist and about entries that occur twice. The schema cannot express these
 * errors. Values of another form than in the schema are skipped.
 */
function contradictions(value: unknown): string[] {
  const agents = listIn(value, "agents");
  const drift = listIn(value, "drift");
  return [
    ...missingDays([value], "at", () => "at"),
    ...repeated(agents, "agent", "agents"),
    ...agents.flatMap((agent, i) => daysIn(listIn(agent, "days"), `agents.${i}.days`)),
    ...daysIn(drift, "drift"),
  ];
}

function daysIn(list: readonly unknown[], place: string): string[] {
  return [...missingDays(list, "date", (i) => `${place}.${i}.date`), ...repeated(list, "date", place)];
}

function missingDays(list: readonly unknown[], key: string, placeOf: (i: number) => string): string[] {
  return list.flatMap((one, i) => {
    const text = at(one, key);
    if (typeof text !== "string" || !TIME.test(text)) return [];
    const time = new Date(text);
    // JavaScript reads February 30 as March 2.
    const exists = !Number.isNaN(time.getTime()) && time.toISOString().startsWith(text.slice(0, 10));
    return exists ? [] : [`${placeOf(i)}: ${text} does not exist`];
  });
}

function repeated(list: readonly unknown[], key: string, place: string): string[] {
  const values = list.map((one) => at(one, key));
  return values.flatMap((one, i) =>
    typeof one === "string" && values.indexOf(one) < i ? [`${place}.${i}.${key}: ${one} occurs twice`] : [],
  );
}

function listIn(value: unknown, key: string): readonly unknown[] {
  const list = at(value, key);
  return Array.isArray(list) ? list : [];
}

function at(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[key] : undefined;
}
