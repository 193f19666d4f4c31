import type { Fleet } from "../../config/fleet.ts";
import type { Declaration, Plan } from "../../model/declaration.ts";
import { type Difference, diffItem } from "../../model/diff.ts";
import { type Finding, itemPlace, placeOf } from "../../model/drift-finding.ts";
import { type Contents, comparedText, DIFFERENT } from "../../model/items.ts";
import type { ObserveAnswer, Observed } from "../../model/protocol.ts";
import type { OpenHost } from "../query-host.ts";
import { type Selection, select } from "../selection.ts";
import { isAgentSelected } from "./agents.ts";
import { withKind } from "./finding-kind.ts";
import type { FleetReport, Orphan, UnknownItem, UnmanagedThing } from "./fleet-report.ts";
import { coversAllTenants, observeByHost } from "./query-all-hosts.ts";
import { recurringIn } from "./recurring.ts";

/**
 * Observes all hosts of a fleet at the same time, each in one round trip, and compares them with fleet.yaml. Writes
 * nothing. The report also lists the hosts that do not answer. Such a host does not delay the other hosts.
 */
export async function observeFleet(
  fleet: Fleet,
  plan: Plan,
  selection: Selection,
  open: OpenHost,
): Promise<FleetReport> {
  const declarations = select(plan, selection);
  const known = new Set(plan.declarations.flatMap((one) => [one.id, ...one.formerly]));
  const answers = await observeByHost(fleet, open, declarations, (reader, own) =>
    reader.observe({
      op: "observe",
      resources: own.map(({ id, items }) => ({ id, items })),
      contents: comparedTexts(own, plan.contents),
      unmanaged: true,
    }),
  );
  const given = answers.flatMap(({ host: { host }, things, answer }) =>
    answer === undefined ? [] : [{ host, things, answer }],
  );
  const each = given.flatMap(({ things, answer }) => things.map((one) => ({ one, answer })));
  return {
    fleet: fleet.name,
    agents: new Set(declarations.flatMap((one) => one.agent ?? [])).size,
    services: new Set(declarations.flatMap((one) => one.service ?? [])).size,
    hosts: answers.map(({ host }) => host),
    findings: each.flatMap(({ one, answer }) => findingsOf(one, answer)).map(withKind),
    recurring: each.flatMap(({ one, answer }) => recurringIn(one, answer, fleet.recurrence)),
    unknown: each.flatMap(({ one, answer }) => unknownOf(one, answer.resources[one.id])),
    orphans: given.flatMap(({ host, answer }) => orphansOf(host, answer, known)),
    unmanaged: given
      .flatMap(({ host, answer }) => unmanagedOn(fleet, host, answer))
      .filter((one) => isSelected(fleet, one, selection)),
  };
}

function unmanagedOn(fleet: Fleet, host: string, { unmanaged = [] }: ObserveAnswer): UnmanagedThing[] {
  return unmanaged.map((one) => ({ host, ...agentOf(fleet, host, one.user), ...one }));
}

/**
 * Returns the agent that runs as this user. Returns an empty object if several agents share the user under `isolation:
 * tenant`.
 */
function agentOf(fleet: Fleet, host: string, user: string): { agent?: string } {
  const [agent, ...others] = Object.values(fleet.agents).filter(
    (one) => one.host === host && one.user === user,
  );
  return agent === undefined || others.length > 0 ? {} : { agent: agent.name };
}

/**
 * Whether a selection covers a user. A user without an agent has no tenant, so `--tenant` excludes such a
 * user.
 */
function isSelected(fleet: Fleet, { host, user }: UnmanagedThing, selection: Selection): boolean {
  const agents = Object.values(fleet.agents).filter((one) => one.host === host && one.user === user);
  return agents.length === 0
    ? coversAllTenants(selection)
    : agents.some((agent) => isAgentSelected(agent, selection));
}

/**
 * Marks the finding of a renamed resource as intended. Drops a finding about a secret, because the host has no record
 * of the secret under the new name yet.
 */
function asRenamed(finding: Finding): Finding[] {
  return finding.observed === DIFFERENT ? [] : [{ ...finding, cause: "intended" }];
}

/** Whether the host still has a resource only under a former name. */
function isToBeRenamed({ id, formerly }: Declaration, { recorded }: ObserveAnswer): boolean {
  const ids = new Set(recorded.map((record) => record.id));
  return !ids.has(id) && formerly.some((former) => ids.has(former));
}

/**
 * Returns the texts of declared rows and keys. A host needs these texts, and no other texts, to find the parts that
 * differ.
 */
function comparedTexts(declarations: readonly Declaration[], contents: Contents): Contents {
  const digests = declarations
    .flatMap((one) => Object.values(one.items))
    .flatMap((item) => comparedText(item) ?? []);
  return Object.fromEntries(digests.map((digest) => [digest, contents[digest] ?? ""]));
}

function findingsOf(declaration: Declaration, answer: ObserveAnswer): Finding[] {
  const seen = answer.resources[declaration.id];
  const pending = (seen?.unapplied ?? []).map((item) => ({ item, ...NOT_APPLIED }));
  const found = [...pending, ...differences(declaration, seen)];
  const findings = found.map((one) => ({ ...placeOf(declaration), ...one, ...itemPlace(one.item) }));
  return isToBeRenamed(declaration, answer) ? findings.flatMap(asRenamed) : findings;
}

/**
 * The finding for an item that no `up` has applied yet. With a reader's key, no other property of the item can be
 * observed.
 */
const NOT_APPLIED = { property: "applied", declared: true, observed: false, cause: "intended" } as const;

function differences(declaration: Declaration, seen: Observed | undefined): Difference[] {
  return Object.entries(declaration.items).flatMap(([name, item]) => {
    const observation = seen?.observed[name];
    if (observation === undefined) return [];
    return diffItem(name, item, observation, seen?.record);
  });
}

function unknownOf(declaration: Declaration, seen: Observed | undefined): UnknownItem[] {
  return Object.keys(declaration.items).flatMap((item) => {
    if (seen?.unapplied?.includes(item)) return [];
    const observation = seen?.observed[item] ?? { unknown: "the host did not report it." };
    if (!("unknown" in observation)) return [];
    return [{ ...placeOf(declaration), ...itemPlace(item), reason: observation.unknown }];
  });
}

function orphansOf(host: string, answer: ObserveAnswer, known: ReadonlySet<string>): Orphan[] {
  return answer.recorded
    .filter(({ id }) => !known.has(id))
    .map(({ id, owner }) => ({ host, resource: id, owner }));
}
