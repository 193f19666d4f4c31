import { MusterError } from "../base/errors.ts";
import type { WireError } from "../model/part-failure.ts";
import {
  type AnswerFrame,
  type Answers,
  type AnswerTo,
  type Hello,
  PROTOCOL,
  type Request,
} from "../model/protocol.ts";
import type { Channel, Ending } from "./channel.ts";
import { whyOf } from "./connect-failure.ts";
import { HostError } from "./host-error.ts";
import { refusedByVersion } from "./host-version.ts";
import { translateFor } from "./legacy-protocol.ts";
import { pendingRequests } from "./pending-requests.ts";
import { plainLine } from "./plain-line.ts";
import { trace } from "./request-trace.ts";
import type { Target } from "./target.ts";

/** A connection through which the runtime of a host answers requests. */
export interface Session {
  readonly target: Target;
  readonly hello: Hello;
  /**
   * Sends a request without waiting for earlier answers.
   *
   * @throws HostError if the connection fails; MusterError if the host answers with an error
   */
  request<R extends Request>(request: R): Promise<AnswerTo<R>>;
  /** Waits until all requests are answered, then ends the connection. */
  close(): Promise<void>;
}

/** The number of seconds without an answer after which the host counts as hung, by kind of request. */
const REQUEST_SECONDS: Readonly<Record<Request["op"], number>> = {
  observe: 60,
  ps: 60,
  history: 60,
  ledgers: 60,
  uptimes: 120,
  jobs: 60,
  usage: 60,
  machine: 60,
  control: 300,
  resolve: 60,
  contacts: 60,
  converge: 300,
  remove: 300,
  install: 900,
  supply: 300,
  commit: 300,
  leave: 300,
  pack: 300,
  arrive: 300,
  unpack: 300,
  settle: 300,
  pane: 60,
  keyboard: 60,
  log: 60,
  send: 900,
};

/** Returns a session on a channel. @param hello the first answer of the runtime, which has already arrived */
export function openSession(channel: Channel, target: Target, hello: Hello): Session {
  let failure: HostError | undefined;
  const pending = pendingRequests<Answers[Request["op"]]>((seconds) => fail(hung(target, seconds)));
  const fail = (error: HostError) => {
    failure ??= error;
    pending.failAll(failure);
    channel.kill();
  };
  channel.onLine((line) => {
    const frame = parseFrame(line);
    if (frame === undefined) fail(garbled(target, line));
    else pending.settle(frame.seq, "error" in frame ? { error: hostSaid(target, frame.error) } : frame);
  });
  void channel.ended.then((ending) => fail(cut(target, ending)));

  function request<R extends Request>(request: R): Promise<AnswerTo<R>> {
    if (failure !== undefined) return Promise.reject(failure);
    const refusal = refusedByVersion(target, hello, request);
    if (refusal !== undefined) return Promise.reject(refusal);
    trace({ host: target.name, op: request.op, ...("id" in request && { id: request.id }) });
    const { seq, answer } = pending.add(REQUEST_SECONDS[request.op]);
    channel.write(`${JSON.stringify({ seq, request })}\n`);
    return answer as Promise<AnswerTo<R>>;
  }
  const close = () => pending.idle().then(channel.close);
  const ask = hello.protocol < PROTOCOL ? translateFor(hello.protocol, request) : request;
  return { target, hello, request: ask, close };
}

function parseFrame(line: string): AnswerFrame | undefined {
  try {
    const frame = JSON.parse(line) as { seq?: unknown; answer?: unknown; error?: unknown } | null;
    const isFrame = typeof frame?.seq === "number" && isObject(frame.answer ?? frame.error);
    return isFrame ? (frame as AnswerFrame) : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null;
}

function hostSaid(target: Target, error: WireError): MusterError {
  return new MusterError({
    what: plainLine(String(error.what)),
    why: plainLine(String(error.why)),
    ...(error.next !== undefined && { next: plainLine(String(error.next)) }),
    where: target.name,
  });
}

function hung(target: Target, seconds: number): HostError {
  return new HostError({
    host: target.name,
    reason: "cut",
    what: "the connection was closed",
    why: `no answer arrived for ${seconds} s.`,
    next: "Run this again: it is unknown which steps the host has done after the last answer.",
  });
}

function cut(target: Target, ending: Ending): HostError {
  return new HostError({
    host: target.name,
    reason: "cut",
    what: "the connection was lost",
    why: ending.cancelled ? "the run was cancelled." : `${whyCut(ending)}.`,
    next: "Run this again: it is unknown which of the remaining steps were done on the host.",
  });
}

/**
 * Returns the reason for a lost connection. If ssh printed nothing, its keepalive messages have failed, because ssh
 * does not report this with LogLevel=ERROR.
 */
function whyCut(ending: Ending): string {
  return ending.code === 255 && ending.stderr === "" ? "it stopped responding" : whyOf(ending);
}

function garbled(target: Target, line: string): HostError {
  return new HostError({
    host: target.name,
    reason: "garbled",
    what: "its answer is invalid",
    why: `it begins with "${plainLine(line.slice(0, 60))}".`,
    next: "Run `npx pulumi up`, which reinstalls the runtime.",
  });
}
