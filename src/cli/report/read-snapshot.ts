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
  if (validateSnapshot(value)) return value as ReportSnapshot;
  const lines = (validateSnapshot.errors ?? []).map((error) => `\n  ${visible(sentence(error))}`);
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
