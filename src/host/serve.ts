import { MusterError } from "../base/errors.ts";
import {
  type AnswerFrame,
  type Answers,
  type Hello,
  MARKER,
  PROTOCOL,
  type Request,
  type RequestFrame,
  type WireError,
} from "../model/protocol.ts";
import type { Host } from "./context.ts";
import { control } from "./control.ts";
import { converge } from "./converge.ts";
import { history } from "./history.ts";
import { jobs } from "./jobs/status.ts";
import { machine } from "./machine.ts";
import { arrive } from "./moves/arrive.ts";
import { leave } from "./moves/leave.ts";
import { pack } from "./moves/pack.ts";
import { settle } from "./moves/settle.ts";
import { unpack } from "./moves/unpack.ts";
import { observe } from "./observe.ts";
import { ps } from "./ps.ts";
import { reasonOf } from "./reason.ts";
import { remove } from "./remove.ts";
import { onceTheyStay, unitsStarted } from "./settle.ts";

/** What answers each request, at once or, with others answered meanwhile, later. */
export type Table = {
  readonly [Op in Request["op"]]?: (host: Host, request: Extract<Request, { op: Op }>) => Later<Answers[Op]>;
};

type Later<A> = A | Promise<A>;

/** Only looks: a host that serves this table has no way to change anything. */
export const READERS: Table = { observe, ps, history, jobs, machine };

/** A change is answered when what it started has stayed for a moment. */
export const WRITERS = {
  converge: (host, request) => {
    const answer = converge(host, request);
    return onceTheyStay(host, unitsStarted(request, answer), answer);
  },
  control: (host, request) => {
    const answer = control(host, request);
    const isStarted = request.verb !== "stop" && answer.changed;
    return onceTheyStay(host, isStarted ? [request.unit] : [], answer);
  },
  remove,
  leave,
  pack,
  arrive,
  unpack,
  settle,
} satisfies Table;

export const READERS_AND_WRITERS: Table = { ...READERS, ...WRITERS };

/** The first line of a session. */
export function greeting(host: Host): string {
  const { versions, arch } = process;
  const hello: Hello = { protocol: PROTOCOL, bundle: host.bundle, node: versions.node, arch };
  return `${MARKER}${JSON.stringify(hello)}\n`;
}

/** Answers one request line with one answer line; what goes wrong is an answer too. */
export async function answerLine(host: Host, table: Table, line: string): Promise<string> {
  return `${JSON.stringify(await answer(host, table, line))}\n`;
}

async function answer(host: Host, table: Table, line: string): Promise<AnswerFrame> {
  let seq = 0;
  try {
    const frame = JSON.parse(line) as RequestFrame;
    seq = frame.seq;
    return { seq, answer: await dispatch(host, table, frame.request) };
  } catch (error) {
    return { seq, error: wireError(error) };
  }
}

function dispatch(host: Host, table: Table, request: Request): Later<Answers[Request["op"]]> {
  // Each entry takes the request of its own name, which the index cannot tell the compiler.
  const handle = table[request.op] as
    | ((host: Host, request: Request) => Later<Answers[Request["op"]]>)
    | undefined;
  if (handle === undefined || !Object.hasOwn(table, request.op)) throw refused(request.op);
  return handle(host, request);
}

function refused(op: string): MusterError {
  const why = "this session only looks, or the host runtime is too old for it";
  return new MusterError({ what: `the request ${JSON.stringify(op)} was refused`, why });
}

function wireError(error: unknown): WireError {
  if (!(error instanceof MusterError)) return { what: "the host runtime failed", why: reasonOf(error) };
  const { what, why, next } = error;
  return { what, why, ...(next !== undefined && { next }) };
}
