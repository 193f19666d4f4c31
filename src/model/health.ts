/** How the deadman checks something other than an agent: a service, or a provider of models. */

export interface HttpProbe {
  readonly kind: "http";
  /** Without user name and password, because it is shown. */
  readonly url: string;
  readonly method: string;
  /** Statuses that count as healthy: `200`, or `2xx` for a class of them. */
  readonly expect: readonly string[];
  /** Seconds after which a probe without an answer has failed. */
  readonly timeout: number;
}

export interface TcpProbe {
  readonly kind: "tcp";
  readonly host: string;
  readonly port: number;
  readonly timeout: number;
}

/** A program that exits with 0 when all is well. */
export interface CommandProbe {
  readonly kind: "command";
  readonly command: readonly string[];
  /** The user whose rights it has. */
  readonly user: string;
  readonly timeout: number;
}

export type Probe = HttpProbe | TcpProbe | CommandProbe;

export interface HealthCheck {
  readonly probe: Probe;
  /** Seconds from one probe to the next. */
  readonly interval: number;
  /** How many probes in a row must fail before it counts as down. */
  readonly failures: number;
  /** How many in a row must succeed before it counts as up again. */
  readonly successes: number;
}

/** The target of a probe, for people. */
export function probeText(probe: Probe): string {
  if (probe.kind === "http") return `${probe.method} ${probe.url}`;
  return probe.kind === "tcp" ? `tcp ${probe.host}:${probe.port}` : probe.command.join(" ");
}

/** Whether a value from a file is a check: another version, or a tenant, may have written it. */
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
