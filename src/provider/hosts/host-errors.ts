import { HostError, RuntimeError, type UnreachableReason } from "../../transport/host-error.ts";

/** Whether the host was reached, but Muster is not installed on it. */
export function isNothingInstalled(error: unknown): boolean {
  return error instanceof RuntimeError && error.reason === "nothing-installed";
}

const ONCE_REACHED: readonly UnreachableReason[] = ["cut", "garbled"];

/**
 * Whether it is certain that no request has reached the host. After a lost connection this is not certain, because the
 * host might have received the request.
 */
export function wasNeverSent(error: unknown): boolean {
  return error instanceof HostError && !ONCE_REACHED.includes(error.reason);
}
