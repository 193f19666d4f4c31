import { rmSync } from "node:fs";
import { join } from "node:path";
import { digestOf } from "../../model/digest.ts";
import { isOtherAccount, type LoginFacts } from "../../model/login-file.ts";
import type { LoginRecord } from "../../model/login-record.ts";
import type { Host } from "../context.ts";
import { readOwn, writeOwn } from "./state-files.ts";

/** The maximum number of former sources that are remembered for one file. */
const MOST_SOURCES = 200;

/** Reads what Muster knows about a login file; undefined if Muster has never written or adopted it. */
export function readLoginRecord(host: Host, path: string): LoginRecord | undefined {
  try {
    const text = readOwn(fileOf(host, path))?.toString("utf8");
    return text === undefined ? undefined : parseLoginRecord(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** Checks the form of a record. @returns undefined if the form is invalid */
export function parseLoginRecord(value: unknown): LoginRecord | undefined {
  const record = value as LoginRecord | null;
  if (!Array.isArray(record?.sources) || !record.sources.every((one) => typeof one === "string"))
    return undefined;
  return typeof record.account === "object" && record.account !== null ? record : undefined;
}

export function writeLoginRecord(host: Host, path: string, record: LoginRecord): void {
  const kept = { ...record, sources: record.sources.slice(-MOST_SOURCES) };
  writeOwn(fileOf(host, path), `${JSON.stringify(kept, null, 2)}\n`);
}

export function deleteLoginRecord(host: Host, path: string): void {
  rmSync(fileOf(host, path), { force: true });
}

function fileOf({ paths }: Host, path: string): string {
  return join(paths.state, "logins", `${path.replaceAll("~", "~~").replaceAll("/", "~")}.json`);
}

/** Returns the facts that identify an account in the form in which they are recorded: as digests. */
export function recordedAccount({ account }: LoginFacts): LoginRecord["account"] {
  return Object.fromEntries(Object.entries(account).map(([key, text]) => [key, digestOf(`${key}\0${text}`)]));
}

/** Whether a login belongs to another account than the login that was last declared. */
export function isOfOtherAccount(record: LoginRecord | undefined, facts: LoginFacts): boolean {
  return record !== undefined && isOtherAccount(record.account, recordedAccount(facts));
}
