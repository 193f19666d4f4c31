import { setTimeout as sleep } from "node:timers/promises";

/** Milliseconds; the engine asks about the resources of a host one after another, without waiting in between. */
const MOMENT = 50;

/**
 * Gathers what is asked for within a moment, and asks for all of it at once.
 *
 * @returns a function that gives everyone the one answer to all that was gathered
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
