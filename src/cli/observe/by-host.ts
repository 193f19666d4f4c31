import type { Fleet } from "../../config/fleet.ts";
import type { HostReader } from "../../transport/connect.ts";
import { type OpenHost, queryHost } from "../query-host.ts";
import type { Selection } from "../selection.ts";
import type { HostReport } from "./fleet-report.ts";

/** What one host answered about the things that are declared on it. */
export interface HostAnswer<Thing, Answer> {
  readonly host: HostReport;
  readonly things: readonly Thing[];
  /** There only where the host's state is `ok`. */
  readonly answer?: Answer;
}

/**
 * Asks each host of some declared things one question about its own, all hosts at once. That a host gives no answer is
 * a result like any other.
 */
export function observeByHost<Thing extends { readonly host: string }, Answer>(
  fleet: Fleet,
  open: OpenHost,
  things: readonly Thing[],
  question: (reader: HostReader, things: readonly Thing[]) => Promise<Answer>,
): Promise<HostAnswer<Thing, Answer>[]> {
  const byHost = Map.groupBy(things, ({ host }) => host);
  return Promise.all(
    [...byHost].map(async ([host, own]) => ({
      ...(await queryHost(fleet, host, open, (reader) => question(reader, own))),
      things: own,
    })),
  );
}

/** The state of a thing that no host described: its host does not have it, or gave no answer. */
export function stateWithoutAnswer({ state }: HostReport): "not there" | "away" {
  return state === "ok" || state === "empty" ? "not there" : "away";
}

/** Whether a selection covers the whole fleet, at least of one host, and not only one tenant's part. */
export function coversAllTenants({ tenant, slice }: Selection): boolean {
  return tenant === undefined && slice?.kind !== "tenant";
}
