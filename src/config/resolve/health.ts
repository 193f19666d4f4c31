import type { HealthCheck, Probe } from "../../model/health-check.ts";
import type { RawHealth } from "../fleet-yaml-types.ts";
import type { Keys } from "../problem.ts";
import { secondsOf } from "../yaml-values.ts";
import type { Context } from "./context.ts";

const INTERVAL = "30s";
const TIMEOUT = "5s";
const FAILURES = 3;
const SUCCESSES = 2;

/**
 * Resolves a health check and fills in the defaults.
 *
 * @param keys the place of the check in fleet.yaml
 * @param user the user that runs a command if the check declares no user
 * @returns undefined if a problem was reported
 */
export function healthOf(
  raw: RawHealth,
  keys: Keys,
  user: string,
  context: Context,
): HealthCheck | undefined {
  const probe = probeOf(raw, keys, user, context);
  if (probe === undefined) return undefined;
  const interval = secondsOf(raw.interval ?? INTERVAL);
  if (probe.timeout > interval) {
    const sentence = `does not fit: the timeout of ${probe.timeout} s must be at most the interval of ${interval} s, so that each probe ends before the next starts`;
    context.report.error(
      context.source,
      [...keys, raw.timeout === undefined ? "interval" : "timeout"],
      sentence,
    );
    return undefined;
  }
  return { probe, interval, failures: raw.failures ?? FAILURES, successes: raw.successes ?? SUCCESSES };
}

/** Resolves the probe. The schema requires exactly one of `http`, `tcp` and `command`. */
function probeOf(raw: RawHealth, keys: Keys, user: string, context: Context): Probe | undefined {
  const timeout = secondsOf(raw.timeout ?? TIMEOUT);
  if (raw.http !== undefined) return httpOf(raw, raw.http, timeout, keys, context);
  if (raw.tcp !== undefined) {
    const [, host = "", port = ""] = /^(?:(.+):)?(\d+)$/.exec(`${raw.tcp}`) ?? [];
    return { kind: "tcp", host: host.replace(/^\[|\]$/g, "") || "127.0.0.1", port: Number(port), timeout };
  }
  return { kind: "command", command: raw.command ?? [], user: raw.user ?? user, timeout };
}

function httpOf(
  { method = "GET", expect = "2xx" }: RawHealth,
  url: string,
  timeout: number,
  keys: Keys,
  { report, source }: Context,
): Probe | undefined {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined) report.error(source, [...keys, "http"], "is not a valid URL");
  else if (parsed.username !== "" || parsed.password !== "") {
    report.error(
      source,
      [...keys, "http"],
      "contains a user name or a password, which everyone could read: remove it",
    );
  } else {
    const statuses = Array.isArray(expect) ? expect : [expect];
    return { kind: "http", url, method, expect: statuses.map(String), timeout };
  }
  return undefined;
}
