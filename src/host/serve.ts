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
import { settle } from "./moves/commit.ts";
import { arrive, leave } from "./moves/prepare.ts";
import { pack, unpack } from "./moves/transfer.ts";
import { awaitAllStable, awaitStable, type StableAnswer, unitsStarted } from "./reconcile/await-stable.ts";
import { type ConvergeOutcome, convergeAll } from "./reconcile/converge.ts";
import { observe } from "./reconcile/observe.ts";
import { removeResource } from "./reconcile/remove.ts";
import { control } from "./reports/control.ts";
import { history } from "./reports/history.ts";
import { machine } from "./reports/machine.ts";
import { ps } from "./reports/ps.ts";
import { reasonOf } from "./system/error-reason.ts";

/** The function that answers each kind of request, at once or later: meanwhile others are answered. */
export type Table = {
  readonly [Op in Request["op"]]?: (host: Host, request: Extract<Request, { op: Op }>) => Later<Answers[Op]>;
} & {
  /** Answers many requests to converge at once, each by its own thunk, which throws if that one has failed. */
  readonly convergeAll?: (host: Host, requests: readonly ConvergeRequest[]) => readonly Thunk[];
};

type Later<A> = A | Promise<A>;

type Thunk = () => Later<ConvergeAnswer>;

/** Read-only: a session with this table cannot change anything. */
export const READERS: Table = { observe, ps, history, jobs: jobStatuses, machine };

/** A change is answered when the units that it started have run for a moment. */
export const WRITERS = {
  converge: (host, request) => {
    const [answer] = convergeMany(host, [request]);
    return (answer as Thunk)();
  },
  convergeAll: convergeMany,
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

function convergeMany(host: Host, requests: readonly ConvergeRequest[]): Thunk[] {
  const answers = convergeAll(host, requests).map((outcome, i): StableAnswer<ConvergeOutcome> => {
    const request = requests[i];
    const isDone = !("error" in outcome) && request !== undefined;
    return {
      units: isDone ? unitsStarted(request, outcome.answer) : [],
      answer: outcome,
      lost: (unit, error) => (isDone ? withFailedUnit(request, outcome.answer, unit, error) : outcome),
    };
  });
  return awaitAllStable(host, answers).map((later) => () => {
    return later instanceof Promise ? later.then(answerOrThrow) : answerOrThrow(later);
  });
}

/** The outcome when a unit has exited: its part of an agent fails, or all of a resource without parts. */
function withFailedUnit(
  { items }: ConvergeRequest,
  answer: ConvergeAnswer,
  unit: string,
  error: MusterError,
): ConvergeOutcome {
  const part = partOfUnit(items, unit);
  if (part === undefined) return { error };
  return { answer: { ...answer, failures: [...(answer.failures ?? []), { part, error: wireError(error) }] } };
}

function answerOrThrow(outcome: ConvergeOutcome): ConvergeAnswer {
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

/** Answers one request line with one answer line; a failure is an answer too. */
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

/** Parses lines in their order. Consecutive requests to converge different resources become one batch. */
export function parseBatches(lines: readonly string[]): Batch[] {
  const batches: Parsed[][] = [];
  for (const frame of lines.map(parseFrame)) {
    const last = batches.at(-1);
    if (last !== undefined && isForBatch(frame, last)) last.push(frame);
    else batches.push([frame]);
  }
  return batches;
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

function isForBatch({ request }: Parsed, batch: readonly Parsed[]): boolean {
  if (request?.op !== "converge") return false;
  return batch.every((one) => one.request?.op === "converge" && one.request.id !== request.id);
}

/** Answers each request of a batch with a line of its own. */
export function answerBatch(host: Host, table: Table, batch: Batch): Promise<string>[] {
  const thunks = batch.length > 1 ? convergeBatch(host, table, batch) : undefined;
  return batch.map((frame, i) => answerFrame(host, table, frame, thunks?.[i]));
}

/** An error of the whole batch is the answer to each of its requests. */
function convergeBatch(host: Host, { convergeAll }: Table, batch: Batch): readonly Thunk[] | undefined {
  const requests = batch.flatMap(({ request }) => (request?.op === "converge" ? [request] : []));
  try {
    return convergeAll?.(host, requests);
  } catch (error) {
    return requests.map(() => () => {
      throw error;
    });
  }
}

async function answerFrame(host: Host, table: Table, { seq, request, error }: Parsed, thunk?: Thunk) {
  let frame: AnswerFrame;
  try {
    if (request === undefined) throw error;
    frame = { seq, answer: await (thunk === undefined ? dispatch(host, table, request) : thunk()) };
  } catch (failure) {
    frame = { seq, error: wireError(failure) };
  }
  return `${JSON.stringify(frame)}\n`;
}

function dispatch(host: Host, table: Table, request: Request): Later<Answers[Request["op"]]> {
  // Each entry takes the request of its own name, which the index does not show to the compiler.
  const handle = table[request.op] as
    | ((host: Host, request: Request) => Later<Answers[Request["op"]]>)
    | undefined;
  if (handle === undefined || !Object.hasOwn(table, request.op)) throw refused(request.op);
  return handle(host, request);
}

function refused(op: string): MusterError {
  const why = "this session is read-only, or the host runtime is too old for it";
  return new MusterError({ what: `the request ${JSON.stringify(op)} was refused`, why });
}

function wireError(error: unknown): WireError {
  if (!(error instanceof MusterError)) return { what: "the host runtime failed", why: reasonOf(error) };
  const { what, why, next } = error;
  return { what, why, ...(next !== undefined && { next }) };
}
