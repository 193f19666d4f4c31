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
 * Lets a host with protocol 1 be used like a current host. Such a host only knows the parts of agents, not
 * whole agents. Only `observe` and `remove` are translated, because every other change installs the current
 * runtime first.
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

/** Removes the parts of an agent in the reverse order of their creation. */
async function remove(ask: Ask, request: RemoveRequest): Promise<RemoveAnswer> {
  const aside: string[] = [];
  for (const { id, items } of splitAgent(request).reverse()) {
    aside.push(...(await ask({ ...request, id, items })).aside);
  }
  return { aside };
}
