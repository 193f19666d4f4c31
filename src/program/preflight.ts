import * as pulumi from "@pulumi/pulumi";
import type { Plan } from "../model/declaration.ts";
import { wholeId } from "../model/former-agent.ts";
import { itemAddress } from "../model/item-address.ts";
import {
  type DeclaredResource,
  PREFLIGHT_TOKEN,
  type PreflightAnswer,
  type PreflightRequest,
} from "../model/preflight.ts";
import { agentOf } from "../model/resource-id.ts";
import { nameInUrn } from "../model/urn.ts";

/** What a run has to do beside what is declared. */
export interface PendingWork {
  /** Ids of records by host, in the order in which they can be removed. */
  readonly orphans: Readonly<Record<string, readonly string[]>>;
  /** By the id of the resource that is to have an agent's home, that of the one on another host that has it. */
  readonly moves: Readonly<Record<string, string>>;
}

/**
 * Tells the provider what is declared, so that it can tell what will go.
 *
 * @param plan what this stack has
 * @param machines the hosts whose machines this stack makes
 * @param whole the whole fleet: a record of what another stack's slice has waits to be taken over
 * @returns the records of this stack on the hosts that neither the plan nor the engine's state knows, and the moves
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
  // The provider cannot tell: where a secret was set since, it is another process than the one that was asked to look.
  const inState = await namesInState();
  const leftOut = newcomers.map((id) => homeElsewhere(id, inState, roster.declared));
  const known = new Set([...inState, ...whole.declarations.map(({ id }) => id)]);
  // What a declared resource has as well is adopted by that first; the record alone is left for the next run.
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

/** The home that the state has of an agent on another host, which the run leaves out: the provider refuses that. */
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

/** The names of all resources in the engine's state, those that a `--target` leaves out too. */
async function namesInState(): Promise<Set<string>> {
  const token = "pulumi:pulumi:readStackResourceOutputs";
  const { outputs } = await pulumi.runtime.invoke(token, { stackName: pulumi.getStack() });
  return new Set(Object.keys(outputs as object).map((urn) => wholeId(nameInUrn(urn))));
}
