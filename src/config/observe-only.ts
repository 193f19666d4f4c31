import type { HostSpec } from "./fleet.ts";

/** Whether a host is only observed: nothing is installed or changed on it. */
export function isObservedOnly(host: HostSpec | undefined): boolean {
  return host?.observe === "only";
}
