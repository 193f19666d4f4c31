import type { Plan } from "../model/declaration.ts";
import { itemAddress } from "../model/item-address.ts";
import { currentId } from "../model/legacy-agent-parts.ts";
import {
  type DeclaredResource,
  PREFLIGHT_TOKEN,
  type PreflightAnswer,
  type PreflightRequest,
} from "../model/preflight.ts";
import type { RecurrencePolicy } from "../model/recurrence.ts";
import { agentOf } from "../model/resource-id.ts";
import { nameInUrn } from "../model/urn.ts";
import { getProject, getStack, invoke } from "./pulumi-sdk.ts";

/** The tasks of a run in addition to the application of the declarations. */
export interface PendingWork {
  /** For each host, the ids of the records to remove, in the order of removal. */
  readonly orphans: Readonly<Record<string, readonly string[]>>;
  /**
   * The homes to move: maps the id of the Agent resource that will receive a home to the id of the Agent resource that
   * currently has the home.
   */
  readonly moves: Readonly<Record<string, string>>;
}

/**
 * Sends the declarations to the provider, so that the provider can determine the moves and removals.
 *
 * @param plan the declarations of this stack
 * @param machines the machines that this stack creates
 * @param whole the plan of the entire fleet. If another stack declares a resource, the resource's record is
 *   kept for that stack to adopt
 * @param recurrence the policy that says when repeated repairs are a recurring finding
 * @returns the moves, and the ids of this stack's records for resources that are neither in the plan nor in
 *   the engine's state
 */
export async function callPreflight(
  plan: Plan,
  machines: readonly DeclaredResource[],
  whole: Plan,
  recurrence: RecurrencePolicy,
): Promise<PendingWork> {
  const resources = plan.declarations.map(({ id, host, formerly }) => ({ name: id, host, formerly }));
  const owner = `${getProject()}/${getStack()}`;
  const roster: PreflightRequest = { owner, declared: [...machines, ...resources], recurrence };
  const answer = (await invoke(PREFLIGHT_TOKEN, roster)) as PreflightAnswer;
  const { unclaimed, moves, newcomers } = answer;
  if (unclaimed.length === 0 && newcomers.length === 0) return { orphans: {}, moves };
  // The provider process might not know the state. If a secret has changed, another provider process did the refresh.
  const inState = await namesInState();
  const leftOut = newcomers.map((id) => homeElsewhere(id, inState, roster.declared));
  const known = new Set([...inState, ...whole.declarations.map(({ id }) => id)]);
  // If a declared resource has an item of a record, the record is not removed yet. The resource adopts the item first,
  // and the next run removes the record.
  const declared = new Set(
    plan.declarations.flatMap(({ host, items }) =>
      Object.values(items).map((item) => `${host} ${itemAddress(item)}`),
    ),
  );
  const orphans = unclaimed.filter(
    ({ id, host, addresses }) => !known.has(id) && !addresses.some((one) => declared.has(`${host} ${one}`)),
  );
  const byHost = Map.groupBy(orphans, ({ host }) => host);
  const orphanIds = [...byHost].map(([host, ofHost]) => [host, ofHost.map(({ id }) => id)]);
  return { orphans: Object.fromEntries(orphanIds), moves: Object.assign({}, moves, ...leftOut) };
}

/**
 * For an agent without a home on its host, finds the agent's resource on another host. If the run's targets exclude
 * this resource, the provider does not know it, and therefore refuses to move the home.
 */
function homeElsewhere(
  id: string,
  inState: ReadonlySet<string>,
  declared: readonly DeclaredResource[],
): Readonly<Record<string, string>> {
  const agent = agentOf(id);
  const names = new Set(declared.flatMap(({ name, formerly }) => [name, ...formerly]));
  const other = [...inState].find((name) => agentOf(name) === agent && !names.has(name));
  return other === undefined ? {} : { [id]: other };
}

/**
 * Returns the names of all resources in the engine's state, including those that the run's targets exclude.
 */
async function namesInState(): Promise<Set<string>> {
  const token = "pulumi:pulumi:readStackResourceOutputs";
  const { outputs } = await invoke(token, { stackName: getStack() });
  return new Set(Object.keys(outputs as object).map((urn) => currentId(nameInUrn(urn))));
}
