import { type HealthCheck, isHealthCheck } from "../../model/health.ts";
import { providerFile } from "../../model/host-paths.ts";
import type { Host } from "../context.ts";
import { readOwn } from "../store/files.ts";
import type { WatchedUnit } from "./types.ts";

/** How the providers are probed that agents here may run on, as the platform's `up` wrote it; one without a file is not. */
export function readProviders(
  { paths }: Host,
  charges: ReadonlyMap<string, WatchedUnit>,
): ReadonlyMap<string, HealthCheck> {
  const names = new Set([...charges.values()].flatMap(({ failover }) => failover?.providers ?? []));
  return new Map(
    [...names].flatMap((name) => checkIn(providerFile(name, paths.hostd)).map((check) => [name, check])),
  );
}

/** Whatever a person put in the place of one holds up nobody; `up` mends it. */
function checkIn(path: string): HealthCheck[] {
  try {
    const check: unknown = JSON.parse(readOwn(path)?.toString("utf8") ?? "");
    return isHealthCheck(check) ? [check] : [];
  } catch {
    return [];
  }
}
