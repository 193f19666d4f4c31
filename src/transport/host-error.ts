import { MusterError, UnreachableError } from "../base/errors.ts";

/** The reason why a host is unreachable. */
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

/**
 * The reasons that occur when a machine is switched off or has no network. For all other reasons, such as a
 * changed key, a person must solve the problem.
 */
const OFF: readonly UnreachableReason[] = [
  "timeout",
  "refused",
  "no-route",
  "name",
  "unreachable",
  "cut",
  "never-booted",
];

/** The reason why a reachable host cannot serve requests. */
export type RuntimeReason = "nothing-installed" | "too-old" | "too-new" | "broken" | "install";

interface Parts<Reason> {
  readonly host: string;
  readonly reason: Reason;
  readonly what: string;
  readonly why: string;
  readonly next?: string;
}

/**
 * Reports that a host is unreachable. The state of the host is unknown, so its resources must never be treated as
 * absent.
 */
export class HostError extends UnreachableError {
  readonly host: string;
  readonly reason: UnreachableReason;

  constructor(parts: Parts<UnreachableReason>) {
    super({ ...parts, where: parts.host });
    this.host = parts.host;
    this.reason = parts.reason;
  }
}

/** Whether an error can mean that the host is only temporarily switched off or offline. */
export function mayComeBack(error: unknown): boolean {
  return error instanceof HostError && OFF.includes(error.reason);
}

/**
 * Reports that a host is reachable, but that its runtime is missing, has the wrong version, or could not be installed.
 */
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
