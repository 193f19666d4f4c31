import type { Fleet } from "../../config/fleet.ts";
import type { HostReader } from "../../transport/connect.ts";
import { type OpenHost, queryHost } from "../query-host.ts";
import type { Selection } from "../selection.ts";
import type { HostReport } from "./fleet-report.ts";

/** One host's answer about the objects that are declared on it, such as agents or services. */
export interface HostAnswer<Thing, Answer> {
  readonly host: HostReport;
  readonly things: readonly Thing[];
  /** The host's answer; present only if the host's state is `ok`. */
  readonly answer?: Answer;
}

/**
 * Queries all hosts at the same time, each about the objects that are declared on it. A host that does not answer is
 * not an error; its result contains the reason.
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

/**
 * Returns the state of an agent, service or job that its host did not report. If the host has answered, the object does
 * not exist on the host.
 */
export function stateWithoutAnswer({ state }: HostReport): "not there" | "away" {
  return state === "ok" || state === "empty" ? "not there" : "away";
}

/** Whether a selection covers all tenants, on one host or on all hosts. */
export function coversAllTenants({ tenant, slice }: Selection): boolean {
  return tenant === undefined && slice?.kind !== "tenant";
}
