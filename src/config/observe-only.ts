import type { HostSpec } from "./fleet.ts";

/** Whether Muster only observes a host and never changes it. */
export function isObservedOnly(host: HostSpec | undefined): boolean {
  return host?.observe === "only";
}
