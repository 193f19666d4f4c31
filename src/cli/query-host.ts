import { UnreachableError } from "../base/errors.ts";
import type { Fleet } from "../config/fleet.ts";
import { lastReached } from "../inventory/last-seen.ts";
import type { HostReader } from "../transport/connect.ts";
import { mayComeBack, RuntimeError } from "../transport/host-error.ts";
import type { HostReport } from "./observe/fleet-report.ts";

/** Opens a read-only connection to a host. */
export type OpenHost = (host: string) => Promise<HostReader>;

interface QueryResult<Answer> {
  readonly host: HostReport;
  /** The host's answer; present only if the host's state is `ok`. */
  readonly answer?: Answer;
}

/** Sends a host one query. A host that does not answer is not an error; the result contains the reason. */
export async function queryHost<Answer, Connection = HostReader>(
  fleet: Fleet,
  host: string,
  open: (host: string) => Promise<Connection>,
  question: (connection: Connection) => Promise<Answer>,
): Promise<QueryResult<Answer>> {
  try {
    const answer = await question(await open(host));
    return { host: { host, state: "ok" }, answer };
  } catch (error) {
    return { host: { host, ...stateAfter(error, fleet, host), reason: reasonOf(error, host) } };
  }
}

function stateAfter(error: unknown, fleet: Fleet, host: string): Omit<HostReport, "host"> {
  if (error instanceof UnreachableError) {
    const reached = lastReached(fleet.dir, host);
    return {
      state: "away",
      ...(fleet.hosts[host]?.availability === "intermittent" && mayComeBack(error) && { intermittent: true }),
      ...(reached !== undefined && { lastReached: reached.toISOString() }),
    };
  }
  const isEmpty = error instanceof RuntimeError && error.reason === "nothing-installed";
  return { state: isEmpty ? "empty" : "failed" };
}

/** Returns an error's message without the host's name, because the output always shows this name before the message. */
function reasonOf(error: unknown, host: string): string {
  const message = error instanceof Error ? error.message : String(error);
  const prefix = `${host}: `;
  return message.startsWith(prefix) ? message.slice(prefix.length) : message;
}
