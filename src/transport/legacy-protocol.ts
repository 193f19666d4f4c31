import { mapValues } from "../base/objects.ts";
import type { ItemKind, Items } from "../model/items.ts";
import { mergeAnswer, splitAgent } from "../model/legacy-agent-parts.ts";
import {
  type Answers,
  type AnswerTo,
  GIVES_BACK,
  INSTALLS_RUNTIMES,
  type ObserveAnswer,
  type Observed,
  type ObserveRequest,
  RESETS_CHECKOUTS,
  type RemoveAnswer,
  type RemoveRequest,
  type Request,
  WHOLE_AGENTS,
} from "../model/protocol.ts";

/** Sends a request to a host. */
export type Ask = <R extends Request>(request: R) => Promise<AnswerTo<R>>;

/** The item kinds that the oldest protocol does not have, each with the first protocol that has it. */
const KNOWN_SINCE: { readonly [K in ItemKind]?: number } = {
  rights: GIVES_BACK,
  copy: GIVES_BACK,
  installation: INSTALLS_RUNTIMES,
  running: INSTALLS_RUNTIMES,
  checkout: RESETS_CHECKOUTS,
};

/**
 * Returns a function that sends requests to a host with an older protocol as if it were a current host. Translates only
 * `observe` and `remove`, because every other change installs the current runtime first. A host with protocol 1 knows
 * only the parts of agents, not complete agents.
 */
export function translateFor(protocol: number, ask: Ask): Ask {
  const [observeAll, removeAll] =
    protocol < WHOLE_AGENTS ? [observeParts, removeParts] : ([send, send] as const);
  const isKnown = ({ kind }: { readonly kind: ItemKind }) => (KNOWN_SINCE[kind] ?? 0) <= protocol;

  function dispatch(request: Request): Promise<Answers[Request["op"]]> {
    if (request.op === "observe") return observe(request);
    if (request.op === "remove") return removeAll(ask, { ...request, items: knownOf(request.items) });
    return ask(request);
  }

  /** Omits items that the host does not know. The answer lists these items as not applied. */
  async function observe(request: ObserveRequest): Promise<ObserveAnswer> {
    const resources = request.resources?.map((one) => ({ ...one, items: knownOf(one.items) }));
    const answer = await observeAll(ask, { ...request, ...(resources && { resources }) });
    const declared = new Map(request.resources?.map(({ id, items }) => [id, items]));
    return {
      ...answer,
      resources: mapValues(answer.resources, (one, id) => withUnapplied(one, declared.get(id) ?? {})),
    };
  }

  function knownOf(items: Items): Items {
    return Object.fromEntries(Object.entries(items).filter(([, item]) => isKnown(item)));
  }

  function withUnapplied(answer: Observed, declared: Items): Observed {
    const unknown = Object.entries(declared).flatMap(([name, item]) => (isKnown(item) ? [] : [name]));
    return unknown.length === 0
      ? answer
      : { ...answer, unapplied: [...(answer.unapplied ?? []), ...unknown] };
  }

  return async <R extends Request>(request: R): Promise<AnswerTo<R>> => {
    const answer = await dispatch(request);
    return answer as AnswerTo<R>;
  };
}

function send<R extends Request>(ask: Ask, request: R): Promise<AnswerTo<R>> {
  return ask(request);
}

async function observeParts(ask: Ask, request: ObserveRequest): Promise<ObserveAnswer> {
  const { resources } = request;
  const answer = await ask(
    resources === undefined ? request : { ...request, resources: resources.flatMap(splitAgent) },
  );
  return mergeAnswer(answer);
}

/** Removes the parts of an agent in the reverse order of their creation. */
async function removeParts(ask: Ask, request: RemoveRequest): Promise<RemoveAnswer> {
  const aside: string[] = [];
  for (const { id, items } of splitAgent(request).reverse()) {
    aside.push(...(await ask({ ...request, id, items })).aside);
  }
  return { aside };
}
