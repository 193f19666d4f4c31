import { UnreachableError } from "../base/errors.ts";
import type { Fleet } from "../config/fleet.ts";
import { lastReached } from "../inventory/last-seen.ts";
import type { HostReader } from "../transport/connect.ts";
import { mayComeBack, RuntimeError } from "../transport/host-error.ts";
import type { HostReport } from "./observe/fleet-report.ts";

/** Opens a connection to a host that can look and cannot change anything. */
export type OpenHost = (host: string) => Promise<HostReader>;

interface Asked<Answer> {
  readonly host: HostReport;
  /** There only where the host's state is `ok`. */
  readonly answer?: Answer;
}

/** Asks a host one question; that it gives no answer is a result like any other. */
export async function queryHost<Answer, Way = HostReader>(
  fleet: Fleet,
  host: string,
  open: (host: string) => Promise<Way>,
  question: (way: Way) => Promise<Answer>,
): Promise<Asked<Answer>> {
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

/** The sentence of an error without the host's name, which stands beside it wherever it is told. */
function reasonOf(error: unknown, host: string): string {
  const message = error instanceof Error ? error.message : String(error);
  const prefix = `${host}: `;
  return message.startsWith(prefix) ? message.slice(prefix.length) : message;
}
