import { MusterError, UnreachableError } from "../base/errors.ts";

/** Why nothing is known of a host. */
export type UnreachableReason =
  | "timeout"
  | "refused"
  | "no-route"
  | "name"
  | "unreachable"
  | "key-changed"
  | "key-unknown"
  | "authentication"
  | "sudo"
  | "no-answer"
  | "garbled"
  | "cut"
  | "cancelled"
  | "never-booted";

/** What a machine looks like that is off or out of reach. Another key or a refused login is for a person to look at. */
const OFF: readonly UnreachableReason[] = [
  "timeout",
  "refused",
  "no-route",
  "name",
  "unreachable",
  "cut",
  "never-booted",
];

/** Why a host that was reached cannot serve requests. */
export type RuntimeReason = "nothing-installed" | "too-old" | "too-new" | "broken" | "install";

interface Parts<Reason> {
  readonly host: string;
  readonly reason: Reason;
  readonly what: string;
  readonly why: string;
  readonly next?: string;
}

/** Nothing is known of the host: whatever was asked is unknown, never absent. */
export class HostError extends UnreachableError {
  readonly host: string;
  readonly reason: UnreachableReason;

  constructor(parts: Parts<UnreachableReason>) {
    super({ ...parts, where: parts.host });
    this.host = parts.host;
    this.reason = parts.reason;
  }
}

/** Whether it is with the host as with one that comes and goes. */
export function mayComeBack(error: unknown): boolean {
  return error instanceof HostError && OFF.includes(error.reason);
}

/** The host was reached, but the runtime on it is absent, of another version, or could not be installed. */
export class RuntimeError extends MusterError {
  override readonly name = "RuntimeError";
  readonly host: string;
  readonly reason: RuntimeReason;

  constructor(parts: Parts<RuntimeReason>) {
    super({ ...parts, where: parts.host });
    this.host = parts.host;
    this.reason = parts.reason;
  }
}
