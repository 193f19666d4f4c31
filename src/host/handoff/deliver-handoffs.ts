import type { StepName } from "./handoff-step.ts";
import {
  type Handoff,
  type Outcome,
  parseHandoffs,
  type Source,
  type WaitingHandoffs,
} from "./handoff-store.ts";

/** The functions of the host that a delivery needs; tests replace them. */
export interface Courier {
  /** Runs a step with the rights of an agent, on the agent's host. @throws Error with the reason if the step fails or does not end */
  run(agent: string, step: StepName, input?: unknown): Promise<unknown>;
  /** Returns the current name of an agent of the same tenant; undefined if there is no such agent. */
  nameNow(name: string): string | undefined;
  /** Saves the state of the waiting handoffs, for `fleet ps`. */
  save(waiting: WaitingHandoffs): void;
}

/** The maximum number of batches in one delivery. The next delivery continues with the rest. */
const MOST_BATCHES = 50;

/**
 * Delivers the handoffs of an agent. Each handoff is added to the queue of its target first, and closed in the queue of
 * its source afterwards. If this process is killed in between, the next delivery finds the handoff by its id in the
 * queue of the target, and only closes the handoff.
 *
 * The agent controls everything that its step returns. These values can affect only tasks of this agent, and tasks that
 * its targets have received under its name.
 */
export async function deliverHandoffs(courier: Courier, source: Source): Promise<void> {
  for (let batch = 0; batch < MOST_BATCHES; batch += 1) {
    const answer = await courier.run(source.name, "out");
    const handoffs = parseHandoffs(answer);
    if (handoffs.length === 0) return courier.save(parseWaiting(answer));
    const outcomes = await deliverBatch(courier, source, handoffs);
    courier.save(parseWaiting(await courier.run(source.name, "settle", outcomes)));
    if (outcomes.some((outcome) => "error" in outcome)) return;
  }
}

export const NOTHING_WAITS: WaitingHandoffs = { waiting: 0, attempts: 0, since: null, error: null };

async function deliverBatch(
  courier: Courier,
  source: Source,
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
  source: Source,
  target: string,
  handoffs: readonly Handoff[],
): Promise<Outcome[]> {
  const failed = (why: string) => handoffs.map(({ id }) => ({ id, error: why }));
  const name = courier.nameNow(target);
  if (name === undefined) return withoutTarget(target, handoffs);
  try {
    const answers = parseOutcomes(await courier.run(name, "in", { source, handoffs }));
    return handoffs.map(({ id }) => {
      return answers.find((one) => one.id === id) ?? { id, error: `${target} has not answered` };
    });
  } catch (error) {
    return failed(error instanceof Error ? error.message : String(error));
  }
}

/** Returns the outcomes if the target no longer exists: a handoff can then only be withdrawn. */
function withoutTarget(target: string, handoffs: readonly Handoff[]): Outcome[] {
  return handoffs.map(({ id, isWithdrawn }) =>
    isWithdrawn === 1
      ? { id, isWithdrawn: true }
      : { id, error: `there is no agent ${target} in this tenant` },
  );
}

function parseOutcomes(answer: unknown): Outcome[] {
  if (!Array.isArray(answer)) return [];
  return answer.filter(
    (one) =>
      typeof one?.id === "string" &&
      (Number.isSafeInteger(one.remoteId) || typeof one.error === "string" || one.isWithdrawn === true),
  );
}

/** The maximum length of a reason in characters. */
const MOST_REASON = 300;

/** Returns the valid part of a step's answer about what waits. */
export function parseWaiting(answer: unknown): WaitingHandoffs {
  const { waiting, attempts, since, error } = answer as Partial<Record<keyof WaitingHandoffs, unknown>>;
  const text = (value: unknown) => (typeof value === "string" ? value.slice(0, MOST_REASON) : null);
  return {
    waiting: Number.isSafeInteger(waiting) ? Number(waiting) : 0,
    attempts: Number.isSafeInteger(attempts) ? Number(attempts) : 0,
    since: text(since),
    error: text(error),
  };
}
