import type { IncomingMessage } from "node:http";
import type { HttpProbe } from "../../model/health.ts";
import { reasonOf } from "../system/error-reason.ts";
import { noAnswer, type ProbeAnswer } from "./probe-answer.ts";

/**
 * Asks for the head of an answer, once: its status decides, its body is not read, and a redirect is a status like any
 * other. The time limit covers all of it, the name's look-up and TLS too.
 */
export function probeHttp({ url, method, expect, timeout }: HttpProbe): Promise<ProbeAnswer> {
  const { request } = process.getBuiltinModule(url.startsWith("https:") ? "node:https" : "node:http");
  const { promise, resolve } = Promise.withResolvers<ProbeAnswer>();
  const signal = AbortSignal.timeout(timeout * 1000);
  // No agent: an existing connection would show nothing about a new one.
  const asked = request(url, { method, agent: false, signal, headers: { "user-agent": "muster" } });
  asked.on("response", (response) => {
    resolve(judged(response, expect));
    asked.destroy();
  });
  asked.on("error", (error) => {
    resolve(signal.aborted ? noAnswer(timeout) : { ok: false, detail: reasonOf(error) });
  });
  asked.end();
  return promise;
}

function judged({ statusCode = 0 }: IncomingMessage, expect: readonly string[]): ProbeAnswer {
  const ok = expect.some((one) => isStatus(statusCode, one));
  return { ok, detail: `it answers ${statusCode}` };
}

/** @param expected `200`, or `2xx` for all that begin so */
function isStatus(status: number, expected: string): boolean {
  return `${status}`.length === expected.length && `${status}`.startsWith(expected.replaceAll("x", ""));
}
