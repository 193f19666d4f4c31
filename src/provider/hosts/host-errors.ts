import { HostError, RuntimeError, type UnreachableReason } from "../../transport/host-error.ts";

/** Whether the host was reached and nothing of ours is on it. */
export function isNothingInstalled(error: unknown): boolean {
  return error instanceof RuntimeError && error.reason === "nothing-installed";
}

const ONCE_REACHED: readonly UnreachableReason[] = ["cut", "garbled"];

/** Whether the error means that no request came to the host; a connection that stood and was lost does not. */
export function wasNeverSent(error: unknown): boolean {
  return error instanceof HostError && !ONCE_REACHED.includes(error.reason);
}
