import type { IncomingMessage } from "node:http";
import type { HttpProbe } from "../../model/health-check.ts";
import { reasonOf } from "../system/error-reason.ts";
import { noAnswer, type ProbeAnswer } from "./probe-answer.ts";

/**
 * Sends one request. Only the response's status determines the result: the body is not read, and redirects are not
 * followed. The time limit covers everything, including name resolution and TLS.
 */
export function probeHttp({ url, method, expect, timeout }: HttpProbe): Promise<ProbeAnswer> {
  const { request } = process.getBuiltinModule(url.startsWith("https:") ? "node:https" : "node:http");
  const { promise, resolve } = Promise.withResolvers<ProbeAnswer>();
  const signal = AbortSignal.timeout(timeout * 1000);
  // No HTTP agent is used, because reusing an open connection would not show whether a new connection works.
  const sent = request(url, { method, agent: false, signal, headers: { "user-agent": "muster" } });
  sent.on("response", (response) => {
    resolve(evaluate(response, expect));
    sent.destroy();
  });
  sent.on("error", (error) => {
    resolve(signal.aborted ? noAnswer(timeout) : { ok: false, detail: reasonOf(error) });
  });
  sent.end();
  return promise;
}

function evaluate({ statusCode = 0 }: IncomingMessage, expect: readonly string[]): ProbeAnswer {
  const ok = expect.some((one) => isStatus(statusCode, one));
  return { ok, detail: `it answers ${statusCode}` };
}

/**
 * Whether a status matches an expected status.
 *
 * @param expected such as `200`, or `2xx` for every status from 200 to 299
 */
function isStatus(status: number, expected: string): boolean {
  return `${status}`.length === expected.length && `${status}`.startsWith(expected.replaceAll("x", ""));
}
