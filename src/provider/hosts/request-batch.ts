import { setTimeout as sleep } from "node:timers/promises";

/**
 * The number of milliseconds for which queries are collected. The engine sends its requests about the resources of a
 * host in quick succession, without waiting for responses.
 */
const MOMENT = 50;

/**
 * Collects the queries that arrive within 50 ms, and sends all of them as one request.
 *
 * @returns a function that adds a query and returns the answer to the entire request
 */
export function batched<Q, A>(ask: (gathered: readonly Q[]) => Promise<A>): (question: Q) => Promise<A> {
  let open: { readonly gathered: Q[]; readonly answer: Promise<A> } | undefined;
  const begin = () => {
    const gathered: Q[] = [];
    const answer = sleep(MOMENT).then(() => {
      open = undefined;
      return ask(gathered);
    });
    return { gathered, answer };
  };
  return (question) => {
    open ??= begin();
    open.gathered.push(question);
    return open.answer;
  };
}
