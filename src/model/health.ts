/** How the deadman finds out whether something outside of an agent works: a service, a provider of models. */

export interface HttpProbe {
  readonly kind: "http";
  /** Without a name or a password in it: it is shown. */
  readonly url: string;
  readonly method: string;
  /** Statuses that are health: `200`, or `2xx` for a class of them. */
  readonly expect: readonly string[];
  /** Seconds until a probe without an answer has failed. */
  readonly timeout: number;
}

export interface TcpProbe {
  readonly kind: "tcp";
  readonly host: string;
  readonly port: number;
  readonly timeout: number;
}

/** A program that ends with 0 where all is well. */
export interface CommandProbe {
  readonly kind: "command";
  readonly command: readonly string[];
  /** Whose rights it has. */
  readonly user: string;
  readonly timeout: number;
}

export type Probe = HttpProbe | TcpProbe | CommandProbe;

export interface HealthCheck {
  readonly probe: Probe;
  /** Seconds from one probe to the next. */
  readonly interval: number;
  /** How many probes must fail one after another until it counts as down. */
  readonly failures: number;
  /** How many must succeed one after another until it counts as up again. */
  readonly successes: number;
}

/** What is asked, as a person reads it. */
export function probeText(probe: Probe): string {
  if (probe.kind === "http") return `${probe.method} ${probe.url}`;
  return probe.kind === "tcp" ? `tcp ${probe.host}:${probe.port}` : probe.command.join(" ");
}

/** Whether a check that was read from a file is one: who wrote it may be another version, or a tenant. */
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
