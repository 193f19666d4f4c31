import { MusterError } from "../base/errors.ts";
import type { WireError } from "../model/part-failure.ts";
import { partOfUnit } from "../model/parts.ts";
import {
  type AnswerFrame,
  type Answers,
  type ConvergeAnswer,
  type ConvergeRequest,
  type Hello,
  MARKER,
  PROTOCOL,
  type Request,
  type RequestFrame,
} from "../model/protocol.ts";
import type { Host } from "./context.ts";
import { jobStatuses } from "./jobs/job-status.ts";
import { settle } from "./moves/finish.ts";
import { leave } from "./moves/leave.ts";
import { pack } from "./moves/pack.ts";
import { arrive } from "./moves/prepare.ts";
import { unpack } from "./moves/unpack.ts";
import { awaitAllStable, awaitStable, type StableAnswer, unitsStarted } from "./reconcile/await-stable.ts";
import { type ConvergeOutcome, convergeAll } from "./reconcile/converge.ts";
import { observe } from "./reconcile/observe.ts";
import { removeResource } from "./reconcile/remove.ts";
import { control } from "./reports/control.ts";
import { history } from "./reports/history.ts";
import { machine } from "./reports/machine.ts";
import { ps } from "./reports/ps.ts";
import { reasonOf } from "./system/error-reason.ts";

/** What answers each request, at once or, with others answered meanwhile, later. */
export type Table = {
  readonly [Op in Request["op"]]?: (host: Host, request: Extract<Request, { op: Op }>) => Later<Answers[Op]>;
} & {
  /** Answers many requests to converge at once, each by its own thunk, which throws where that one failed. */
  readonly convergeAll?: (
    host: Host,
    requests: readonly ConvergeRequest[],
  ) => readonly (() => Later<ConvergeAnswer>)[];
};

type Later<A> = A | Promise<A>;

/** Only looks: a host that serves this table has no way to change anything. */
export const READERS: Table = { observe, ps, history, jobs: jobStatuses, machine };

/** A change is answered when what it started has stayed for a moment. */
export const WRITERS = {
  converge: (host, request) => {
    const [answer] = convergeMany(host, [request]);
    return (answer as () => Later<ConvergeAnswer>)();
  },
  convergeAll: (host, requests) => convergeMany(host, requests),
  control: (host, request) => {
    const answer = control(host, request);
    const isStarted = request.verb !== "stop" && answer.changed;
    return awaitStable(host, isStarted ? [request.unit] : [], answer);
  },
  remove: removeResource,
  leave,
  pack,
  arrive,
  unpack,
  settle,
} satisfies Table;

function convergeMany(host: Host, requests: readonly ConvergeRequest[]): (() => Later<ConvergeAnswer>)[] {
  const staying = convergeAll(host, requests).map((outcome, i): StableAnswer<ConvergeOutcome> => {
    const request = requests[i];
    const isDone = !("error" in outcome) && request !== undefined;
    return {
      units: isDone ? unitsStarted(request, outcome.answer) : [],
      answer: outcome,
      lost: (unit, error) => (isDone ? withLost(request, outcome.answer, unit, error) : outcome),
    };
  });
  return awaitAllStable(host, staying).map((later) => () => {
    return later instanceof Promise ? later.then(answerIn) : answerIn(later);
  });
}

/** A unit that did not stay fails its part of an agent, or the whole of what has no parts. */
function withLost(
  { items }: ConvergeRequest,
  answer: ConvergeAnswer,
  unit: string,
  error: MusterError,
): ConvergeOutcome {
  const part = partOfUnit(items, unit);
  if (part === undefined) return { error };
  return { answer: { ...answer, failures: [...(answer.failures ?? []), { part, error: wireError(error) }] } };
}

function answerIn(outcome: ConvergeOutcome): ConvergeAnswer {
  if ("error" in outcome) throw outcome.error;
  return outcome.answer;
}

export const READERS_AND_WRITERS: Table = { ...READERS, ...WRITERS };

/** The first line of a session. */
export function greeting(host: Host): string {
  const { versions, arch } = process;
  const hello: Hello = { protocol: PROTOCOL, bundle: host.bundle, node: versions.node, arch };
  return `${MARKER}${JSON.stringify(hello)}\n`;
}

/** Answers one request line with one answer line; what goes wrong is an answer too. */
export async function answerLine(host: Host, table: Table, line: string): Promise<string> {
  const [answer] = parseBatches([line]).flatMap((batch) => answerBatch(host, table, batch));
  return answer ?? "";
}

/** Requests that are answered together. */
export type Batch = readonly Parsed[];

interface Parsed {
  readonly seq: number;
  readonly request?: Request;
  readonly error?: unknown;
}

/** Lines in the order in which they came, where those that ask to converge and follow one another are one batch. */
export function parseBatches(lines: readonly string[]): Batch[] {
  return inBatches(lines.map(parseFrame));
}

/** Answers each request of a batch with a line of its own. */
export function answerBatch(host: Host, table: Table, batch: Batch): Promise<string>[] {
  const requests = batch.flatMap(({ request }) => (request?.op === "converge" ? [request] : []));
  const thunks = batch.length > 1 ? attemptAll(host, table, requests) : undefined;
  return batch.map((frame, i) => answerFrame(host, table, frame, thunks?.[i]));
}

/** A line that is no request becomes an error of its own, so that the requests beside it are answered. */
function parseFrame(line: string): Parsed {
  try {
    const frame = JSON.parse(line) as Partial<RequestFrame> | null;
    const seq = typeof frame?.seq === "number" ? frame.seq : 0;
    if (typeof frame?.request?.op === "string") return { seq, request: frame.request };
    return { seq, error: new MusterError({ what: "a line was refused", why: "it is not a request" }) };
  } catch (error) {
    return { seq: 0, error };
  }
}

/** Runs of requests to converge whose resources differ; every other request is a batch of its own. */
function inBatches(frames: readonly Parsed[]): Parsed[][] {
  const batches: Parsed[][] = [];
  for (const frame of frames) {
    const last = batches.at(-1);
    if (last !== undefined && fits(frame, last)) last.push(frame);
    else batches.push([frame]);
  }
  return batches;
}

function fits({ request }: Parsed, batch: readonly Parsed[]): boolean {
  if (request?.op !== "converge") return false;
  return batch.every((one) => one.request?.op === "converge" && one.request.id !== request.id);
}

type Thunk = () => Later<ConvergeAnswer>;

/** What went wrong with all of them is what each is answered. */
function attemptAll(
  host: Host,
  { convergeAll }: Table,
  requests: readonly ConvergeRequest[],
): readonly Thunk[] | undefined {
  try {
    return convergeAll?.(host, requests);
  } catch (error) {
    return requests.map(() => () => {
      throw error;
    });
  }
}

async function answerFrame(host: Host, table: Table, { seq, request, error }: Parsed, thunk?: Thunk) {
  return `${JSON.stringify(await answer(host, table, { seq, request, error }, thunk))}\n`;
}

async function answer(
  host: Host,
  table: Table,
  { seq, request, error }: { seq: number; request: Request | undefined; error: unknown },
  thunk: Thunk | undefined,
): Promise<AnswerFrame> {
  try {
    if (request === undefined) throw error;
    return { seq, answer: await (thunk === undefined ? dispatch(host, table, request) : thunk()) };
  } catch (failure) {
    return { seq, error: wireError(failure) };
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
