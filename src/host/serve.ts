import { MusterError } from "../base/errors.ts";
import { partOfUnit } from "../model/agent-parts.ts";
import type { WireError } from "../model/part-failure.ts";
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
import { storeCommit } from "./checkouts/store-commit.ts";
import { rollBackFor } from "./checkouts/trials.ts";
import type { Host } from "./context.ts";
import { supply } from "./installations/archives.ts";
import { installInProcess } from "./installations/install-process.ts";
import { jobStatuses } from "./jobs/job-status.ts";
import { send } from "./messages/send.ts";
import { settle } from "./moves/complete-or-cancel.ts";
import { arrive, leave } from "./moves/prepare.ts";
import { pack, unpack } from "./moves/transfer.ts";
import { keyboard } from "./pane/keyboard.ts";
import { log } from "./pane/log.ts";
import { pane } from "./pane/pane.ts";
import { awaitAllStable, awaitStable, type StableAnswer, unitsStarted } from "./reconcile/await-stable.ts";
import { type ConvergeOutcome, convergeAll } from "./reconcile/converge.ts";
import { observe } from "./reconcile/observe.ts";
import { removeResource } from "./reconcile/remove.ts";
import { contacts } from "./reports/contacts.ts";
import { control, STARTS } from "./reports/control.ts";
import { history } from "./reports/history.ts";
import { ledgers, resolveRepeated } from "./reports/ledgers.ts";
import { machine } from "./reports/machine.ts";
import { ps } from "./reports/ps.ts";
import { uptimes } from "./reports/uptimes.ts";
import { usage } from "./reports/usage.ts";
import { reasonOf } from "./system/error-reason.ts";

/**
 * The handler of each kind of request. While the promise that a handler has returned is pending, other
 * requests are answered.
 */
export type Table = {
  readonly [Op in Request["op"]]?: (host: Host, request: Extract<Request, { op: Op }>) => Later<Answers[Op]>;
} & {
  /**
   * Converges many resources together.
   *
   * @returns a function for each request, which returns the answer or throws the error of the request
   */
  readonly convergeAll?: (host: Host, requests: readonly ConvergeRequest[]) => readonly Thunk[];
};

type Later<A> = A | Promise<A>;

type Thunk = () => Later<ConvergeAnswer>;

/** The handlers of a read-only session, which cannot change anything. */
export const READERS: Table = {
  observe,
  ps: (host, request) => ps(host, request),
  history,
  ledgers,
  uptimes,
  jobs: jobStatuses,
  usage,
  machine,
};

/**
 * The handlers that change the host. `converge` and `control` answer only after the units that they started
 * have run for a second.
 */
export const WRITERS = {
  converge: (host, request) => {
    const [answer] = convergeMany(host, [request]);
    return (answer as Thunk)();
  },
  convergeAll: convergeMany,
  control: (host, request) => {
    const answer = control(host, request);
    const isStarted = STARTS[request.verb] && answer.changed && answer.isDeferred !== true;
    return awaitStable(host, isStarted ? [request.unit] : [], answer);
  },
  resolve: resolveRepeated,
  contacts,
  remove: removeResource,
  install: installInProcess,
  supply,
  commit: storeCommit,
  leave,
  pack,
  arrive,
  unpack,
  settle,
} satisfies Table;

function convergeMany(host: Host, requests: readonly ConvergeRequest[]): Thunk[] {
  const answers = convergeAll(host, requests).map((applied, i): StableAnswer<ConvergeOutcome> => {
    const request = requests[i];
    const outcome = request === undefined ? applied : withRollback(host, request, applied);
    const isDone = !("error" in outcome) && request !== undefined;
    return {
      units: isDone ? unitsStarted(request, outcome.answer) : [],
      answer: outcome,
      lost: (unit, error) =>
        isDone ? withFailedUnit(request, outcome.answer, unit, rolledBack(host, request, error)) : outcome,
    };
  });
  return awaitAllStable(host, answers).map((later) => () => {
    return later instanceof Promise ? later.then(answerOrThrow) : answerOrThrow(later);
  });
}

/** Rolls back the checkout of an agent whose unit has not started with the new revision. */
function withRollback(host: Host, { id }: ConvergeRequest, outcome: ConvergeOutcome): ConvergeOutcome {
  if ("error" in outcome || outcome.answer.failures === undefined) return outcome;
  const failures = outcome.answer.failures.map((failure) => {
    const { part, error } = failure;
    return part === "unit" ? { part, error: { ...error, why: rollBackFor(host, id, error.why) } } : failure;
  });
  return { answer: { ...outcome.answer, failures } };
}

/** Rolls back the checkout of an agent whose unit has exited with the new revision. */
function rolledBack(host: Host, { id }: ConvergeRequest, { what, why, next }: MusterError): MusterError {
  return new MusterError({ what, why: rollBackFor(host, id, why), ...(next !== undefined && { next }) });
}

/**
 * Returns the result of a request during which a unit has exited. If a part of the agent contains the unit, this part
 * has failed; otherwise, the entire request has failed.
 */
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

/**
 * The handlers for the terminals of agents. A read-only session has none of these handlers, because terminals show
 * secrets.
 */
export const TERMINALS = { pane, keyboard, log, send } satisfies Table;

export const ALL_HANDLERS: Table = { ...READERS, ...WRITERS, ...TERMINALS };

/** Returns the first line of a session. */
export function greeting(host: Host): string {
  const { versions, arch } = process;
  const hello: Hello = { protocol: PROTOCOL, bundle: host.bundle, node: versions.node, arch };
  return `${MARKER}${JSON.stringify(hello)}\n`;
}

/** Returns the answer line for a request line. If the request fails, the answer contains the error. */
export async function answerLine(host: Host, table: Table, line: string): Promise<string> {
  const [answer] = parseBatches([line]).flatMap((batch) => answerBatch(host, table, batch));
  return answer ?? "";
}

/** Requests that are handled together. */
export type Batch = readonly Parsed[];

interface Parsed {
  readonly seq: number;
  readonly request?: Request;
  readonly error?: unknown;
}

/** Parses request lines in order. Consecutive requests to converge different resources form one batch. */
export function parseBatches(lines: readonly string[]): Batch[] {
  const batches: Parsed[][] = [];
  for (const frame of lines.map(parseFrame)) {
    const last = batches.at(-1);
    if (last !== undefined && isForBatch(frame, last)) last.push(frame);
    else batches.push([frame]);
  }
  return batches;
}

/** Parses one line. The answer to an invalid line is an error; other lines are not affected. */
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

/** Handles a batch. @returns one answer line for each request */
export function answerBatch(host: Host, table: Table, batch: Batch): Promise<string>[] {
  const thunks = batch.length > 1 ? convergeBatch(host, table, batch) : undefined;
  return batch.map((frame, i) => answerFrame(host, table, frame, thunks?.[i]));
}

/** Converges a batch. An error that stops the entire batch becomes the answer to each of its requests. */
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
  // The compiler cannot infer that the handler under this name takes this kind of request.
  const handle = table[request.op] as
    | ((host: Host, request: Request) => Later<Answers[Request["op"]]>)
    | undefined;
  if (handle === undefined || !Object.hasOwn(table, request.op)) throw refused(request.op);
  return handle(host, request);
}

function refused(op: string): MusterError {
  const why = "this session is read-only, or the host runtime is too old for this request";
  return new MusterError({ what: `the request ${JSON.stringify(op)} was refused`, why });
}

function wireError(error: unknown): WireError {
  if (!(error instanceof MusterError)) return { what: "the host runtime failed", why: reasonOf(error) };
  const { what, why, next } = error;
  return { what, why, ...(next !== undefined && { next }) };
}
