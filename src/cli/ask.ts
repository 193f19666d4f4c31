import { UnreachableError } from "../base/errors.ts";
import type { HostReader } from "../transport/connect.ts";
import { RuntimeError } from "../transport/host-error.ts";
import type { HostReport, HostState } from "./report.ts";

/** Opens a connection to a host that can look and cannot change anything. */
export type OpenHost = (host: string) => Promise<HostReader>;

interface Asked<Answer> {
  readonly host: HostReport;
  /** There only where the host's state is `ok`. */
  readonly answer?: Answer;
}

/** Asks a host one question; that it gives no answer is a result like any other. */
export async function askHost<Answer>(
  host: string,
  open: OpenHost,
  question: (reader: HostReader) => Promise<Answer>,
): Promise<Asked<Answer>> {
  try {
    const answer = await question(await open(host));
    return { host: { host, state: "ok" }, answer };
  } catch (error) {
    return { host: { host, state: stateAfter(error), reason: reasonOf(error, host) } };
  }
}

function stateAfter(error: unknown): HostState {
  if (error instanceof UnreachableError) return "away";
  return error instanceof RuntimeError && error.reason === "nothing-installed" ? "empty" : "failed";
}

/** The sentence of an error without the host's name, which stands beside it wherever it is told. */
function reasonOf(error: unknown, host: string): string {
  const message = error instanceof Error ? error.message : String(error);
  const prefix = `${host}: `;
  return message.startsWith(prefix) ? message.slice(prefix.length) : message;
}
