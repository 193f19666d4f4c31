import type { StepName } from "./handoff-step.ts";
import type { Handoff, Outcome, WaitingHandoffs } from "./handoff-store.ts";

/** What a delivery needs from the host; tests replace it. */
export interface Courier {
  /** Runs a step with the rights of an agent. @throws Error with the reason if the step fails or does not end */
  run(agent: string, step: StepName, input?: unknown): Promise<unknown>;
  /** The agents on this host. */
  readonly agents: ReadonlySet<string>;
  /** Saves what waits, for `fleet ps`. */
  save(agent: string, waiting: WaitingHandoffs): void;
}

/**
 * Delivers the handoffs of agents. Each handoff is added to the queue of its target first, and closed in the queue of its
 * source afterwards. If this process is killed in between, the next delivery finds it in the queue of the target by its
 * id, and only closes it.
 *
 * Everything that an agent's step returns comes from the agent. It can only affect tasks of this agent, and of targets
 * under its own name.
 */
export async function deliverHandoffs(courier: Courier, sources: readonly string[]): Promise<void> {
  const rest = [...sources];
  const work = async () => {
    for (let source = rest.shift(); source !== undefined; source = rest.shift())
      await deliverFrom(courier, source).catch(() => undefined);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}

/** The number of sources that are served at the same time. */
const AT_ONCE = 4;

/** The maximum number of batches of one source in one delivery, so that no agent keeps hostd busy. */
const MOST_BATCHES = 10;

async function deliverFrom(courier: Courier, source: string): Promise<void> {
  for (let batch = 0; batch < MOST_BATCHES; batch += 1) {
    const handoffs = parseHandoffs(await courier.run(source, "out"));
    if (handoffs.length === 0) return courier.save(source, NOTHING_WAITS);
    const outcomes = await deliverBatch(courier, source, handoffs);
    courier.save(source, parseWaiting(await courier.run(source, "settle", outcomes)));
    if (outcomes.some((outcome) => "error" in outcome)) return;
  }
}

export const NOTHING_WAITS: WaitingHandoffs = { waiting: 0, attempts: 0, since: null, error: null };

async function deliverBatch(
  courier: Courier,
  source: string,
  handoffs: readonly Handoff[],
): Promise<Outcome[]> {
  const byTarget = [...Map.groupBy(handoffs, ({ target }) => target)];
  const outcomes = await Promise.all(
    byTarget.map(([target, own]) => deliverTo(courier, source, target, own)),
  );
  return outcomes.flat();
}

async function deliverTo(
  courier: Courier,
  source: string,
  target: string,
  handoffs: readonly Handoff[],
): Promise<Outcome[]> {
  const failed = (why: string) => handoffs.map(({ id }) => ({ id, error: why }));
  if (!courier.agents.has(target)) return failed(`${target} is not on this host`);
  try {
    const answers = parseOutcomes(await courier.run(target, "in", { source, handoffs }));
    return handoffs.map(({ id }) => {
      return answers.find((one) => one.id === id) ?? { id, error: `${target} has not answered` };
    });
  } catch (error) {
    return failed(error instanceof Error ? error.message : String(error));
  }
}

function parseHandoffs(answer: unknown): Handoff[] {
  const { handoffs } = answer as { handoffs?: unknown };
  if (!Array.isArray(handoffs)) return [];
  return handoffs.filter(
    (one) =>
      [one?.id, one?.target, one?.subject, one?.description].every((text) => typeof text === "string") &&
      /^[0-9a-f-]{36}$/.test(one.id) &&
      [1, 2, 3, 4, 5, 6, 7, 8, 9].includes(one.priority),
  );
}

function parseOutcomes(answer: unknown): Outcome[] {
  if (!Array.isArray(answer)) return [];
  return answer.filter(
    (one) =>
      typeof one?.id === "string" && (Number.isSafeInteger(one.remoteId) || typeof one.error === "string"),
  );
}

/** The maximum length of a reason in characters. */
const MOST_REASON = 300;

function parseWaiting(answer: unknown): WaitingHandoffs {
  const { waiting, attempts, since, error } = answer as Partial<Record<keyof WaitingHandoffs, unknown>>;
  const text = (value: unknown) => (typeof value === "string" ? value.slice(0, MOST_REASON) : null);
  return {
    waiting: Number.isSafeInteger(waiting) ? Number(waiting) : 0,
    attempts: Number.isSafeInteger(attempts) ? Number(attempts) : 0,
    since: text(since),
    error: text(error),
  };
}
