import { MusterError, UnreachableError } from "../base/errors.ts";

/** Why a host cannot be reached. */
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
 * The reasons that occur when a machine is switched off or has no network. A person must resolve all others,
 * such as a changed key.
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

/** Why a host cannot serve requests even though it can be reached. */
export type RuntimeReason = "nothing-installed" | "too-old" | "too-new" | "broken" | "install";

interface Parts<Reason> {
  readonly host: string;
  readonly reason: Reason;
  readonly what: string;
  readonly why: string;
  readonly next?: string;
}

/** A host cannot be reached. Its state is unknown, so its resources must never be treated as absent. */
export class HostError extends UnreachableError {
  readonly host: string;
  readonly reason: UnreachableReason;

  constructor(parts: Parts<UnreachableReason>) {
    super({ ...parts, where: parts.host });
    this.host = parts.host;
    this.reason = parts.reason;
  }
}

/** Whether an error may only mean that the host is switched off or offline for a while. */
export function mayComeBack(error: unknown): boolean {
  return error instanceof HostError && OFF.includes(error.reason);
}

/** A host can be reached, but its runtime is missing, has another version, or could not be installed. */
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
