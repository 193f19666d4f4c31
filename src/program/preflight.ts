import * as pulumi from "@pulumi/pulumi";
import type { Plan } from "../model/declaration.ts";
import { currentId } from "../model/former-agent.ts";
import { itemAddress } from "../model/item-address.ts";
import {
  type DeclaredResource,
  PREFLIGHT_TOKEN,
  type PreflightAnswer,
  type PreflightRequest,
} from "../model/preflight.ts";
import { agentOf } from "../model/resource-id.ts";
import { nameInUrn } from "../model/urn.ts";

/** What a run must do in addition to what is declared. */
export interface PendingWork {
  /** For each host, the ids of the records to remove, in that order. */
  readonly orphans: Readonly<Record<string, readonly string[]>>;
  /**
   * The moves of agents' homes: each key is the id of the Agent that receives a home, each value that of the
   * Agent on the host that has it now.
   */
  readonly moves: Readonly<Record<string, string>>;
}

/**
 * Sends the declarations to the provider, so that it can determine what will be removed.
 *
 * @param plan the declarations of this stack
 * @param machines the hosts whose machines this stack creates
 * @param whole the plan of the whole fleet: records of what another stack declares are kept for that stack to
 * adopt
 * @returns the moves, and this stack's records on hosts that are neither in the plan nor in the engine's
 * state
 */
export async function callPreflight(
  plan: Plan,
  machines: readonly DeclaredResource[],
  whole: Plan,
): Promise<PendingWork> {
  const resources = plan.declarations.map(({ id, host, formerly }) => ({ name: id, host, formerly }));
  const owner = `${pulumi.getProject()}/${pulumi.getStack()}`;
  const roster: PreflightRequest = { owner, declared: [...machines, ...resources] };
  const answer = (await pulumi.runtime.invoke(PREFLIGHT_TOKEN, roster)) as PreflightAnswer;
  const { unclaimed, moves, newcomers } = answer;
  if (unclaimed.length === 0 && newcomers.length === 0) return { orphans: {}, moves };
  // The provider does not know the state: if a secret has changed, the refresh was done by another provider
  // process.
  const inState = await namesInState();
  const leftOut = newcomers.map((id) => homeElsewhere(id, inState, roster.declared));
  const known = new Set([...inState, ...whole.declarations.map(({ id }) => id)]);
  // If a declared resource has one of its items, that resource adopts the item first; the next run removes
  // the record.
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
 * Finds an agent's home on another host that is only in the state because the run's targets exclude it. The
 * provider refuses such a move.
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
  const { outputs } = await pulumi.runtime.invoke(token, { stackName: pulumi.getStack() });
  return new Set(Object.keys(outputs as object).map((urn) => currentId(nameInUrn(urn))));
}
