import { mergeAnswer, splitAgent } from "../model/former-agent.ts";
import type {
  Answers,
  AnswerTo,
  ObserveAnswer,
  ObserveRequest,
  RemoveAnswer,
  RemoveRequest,
  Request,
} from "../model/protocol.ts";

/** Sends a request to a host. */
export type Ask = <R extends Request>(request: R) => Promise<AnswerTo<R>>;

/**
 * Asks a host of protocol 1, which knows the parts of an agent and no agent, as if it were of today. Only what reads
 * such a host, or takes everything off it, comes here: whoever changes it installs the runtime of today first.
 */
export function formerHost(ask: Ask): Ask {
  return async <R extends Request>(request: R): Promise<AnswerTo<R>> => {
    const answer = await dispatch(ask, request);
    return answer as AnswerTo<R>;
  };
}

function dispatch(ask: Ask, request: Request): Promise<Answers[Request["op"]]> {
  if (request.op === "observe") return observe(ask, request);
  return request.op === "remove" ? remove(ask, request) : ask(request);
}

async function observe(ask: Ask, request: ObserveRequest): Promise<ObserveAnswer> {
  const { resources } = request;
  const answer = await ask(
    resources === undefined ? request : { ...request, resources: resources.flatMap(splitAgent) },
  );
  return mergeAnswer(answer);
}

/** The parts go in the opposite order of that in which they are made. */
async function remove(ask: Ask, request: RemoveRequest): Promise<RemoveAnswer> {
  const aside: string[] = [];
  for (const { id, items } of splitAgent(request).reverse()) {
    aside.push(...(await ask({ ...request, id, items })).aside);
  }
  return { aside };
}
