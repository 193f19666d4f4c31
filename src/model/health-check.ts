/** Types for the checks with which the deadman checks services and model providers. Agents have heartbeats instead. */

export interface HttpProbe {
  readonly kind: "http";
  /** The URL. It contains no user name and no password, because it is shown to people. */
  readonly url: string;
  readonly method: string;
  /** The HTTP statuses that count as healthy: a single status such as `200`, or a class such as `2xx`. */
  readonly expect: readonly string[];
  /** The number of seconds without a response after which a probe counts as failed. */
  readonly timeout: number;
}

export interface TcpProbe {
  readonly kind: "tcp";
  readonly host: string;
  readonly port: number;
  readonly timeout: number;
}

/** A probe that runs a program. Exit code 0 means healthy. */
export interface CommandProbe {
  readonly kind: "command";
  readonly command: readonly string[];
  /** The user as which the program runs. */
  readonly user: string;
  readonly timeout: number;
}

export type Probe = HttpProbe | TcpProbe | CommandProbe;

export interface HealthCheck {
  readonly probe: Probe;
  /** The number of seconds between two probes. */
  readonly interval: number;
  /** The number of consecutive probes that must fail before the target counts as down. */
  readonly failures: number;
  /** The number of consecutive probes that must succeed before the target counts as up again. */
  readonly successes: number;
}

/** Returns a description of a probe's target, which is shown to people. */
export function probeText(probe: Probe): string {
  if (probe.kind === "http") return `${probe.method} ${probe.url}`;
  return probe.kind === "tcp" ? `tcp ${probe.host}:${probe.port}` : probe.command.join(" ");
}

/**
 * Whether a value from a file is a valid health check. The value is checked, because a tenant or another version of
 * Muster can have written the file.
 */
export function isHealthCheck(value: unknown): value is HealthCheck {
  if (!isObject(value)) return false;
  const { probe, interval, failures, successes } = value;
  return [interval, failures, successes].every(isPositive) && isObject(probe) && isProbe(probe);
}

function isProbe(probe: Readonly<Record<string, unknown>>): boolean {
  const { kind, timeout, url, method, expect, host, port, command, user } = probe;
  if (!isPositive(timeout)) return false;
  if (kind === "http") return isText(url) && URL.canParse(url) && isText(method) && isTexts(expect);
  if (kind === "tcp") return isText(host) && Number.isInteger(port);
  return kind === "command" && isTexts(command) && isText(user);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

function isPositive(value: unknown): boolean {
  return typeof value === "number" && value > 0;
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0 && value.every(isText);
}
