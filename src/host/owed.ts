import { readdirSync, rmSync } from "node:fs";
import { ON_CHANGE, type Owed } from "../model/deadman.ts";
import { owedFile } from "../model/layout.ts";
import type { Host } from "./context.ts";
import { hasCode } from "./reason.ts";
import { readOwn, writeOwn } from "./store/files.ts";

/** Notes that a unit runs with what was declared before, and what becomes of that. */
export function owe(host: Host, unit: string, owed: Owed): void {
  writeOwn(owedFile(unit, host.paths.hostd), `${JSON.stringify(owed)}\n`);
}

/** Forgets it; that nothing is noted is a success. */
export function settleOwed(host: Host, unit: string): void {
  rmSync(owedFile(unit, host.paths.hostd), { force: true });
}

/** What a unit is owed; undefined where that is nothing, or cannot be read. */
export function owedOf(host: Host, unit: string): Owed | undefined {
  try {
    const owed = JSON.parse(readOwn(owedFile(unit, host.paths.hostd))?.toString("utf8") ?? "") as Owed;
    return ON_CHANGE.includes(owed.restart) && typeof owed.run === "string" ? owed : undefined;
  } catch {
    return undefined;
  }
}

/** The units that are owed a start, with what. */
export function allOwed(host: Host): ReadonlyMap<string, Owed> {
  try {
    const units = readdirSync(owedFile("", host.paths.hostd));
    return new Map(units.flatMap((unit) => [owedOf(host, unit) ?? []].flat().map((owed) => [unit, owed])));
  } catch (error) {
    if (hasCode(error, "ENOENT")) return new Map();
    throw error;
  }
}
