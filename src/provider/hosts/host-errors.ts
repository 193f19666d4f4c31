import { HostError, RuntimeError, type UnreachableReason } from "../../transport/host-error.ts";

/** Whether the host was reached, but Muster is not installed on it. */
export function isNothingInstalled(error: unknown): boolean {
  return error instanceof RuntimeError && error.reason === "nothing-installed";
}

const ONCE_REACHED: readonly UnreachableReason[] = ["cut", "garbled"];

/**
 * Whether no request can have reached the host. A lost connection does not count, because the host may have
 * received the request.
 */
export function wasNeverSent(error: unknown): boolean {
  return error instanceof HostError && !ONCE_REACHED.includes(error.reason);
}
