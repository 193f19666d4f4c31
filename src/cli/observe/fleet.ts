import type { Fleet } from "../../config/fleet.ts";
import type { Declaration, Plan } from "../../model/declaration.ts";
import { type Difference, diffItem } from "../../model/diff.ts";
import { type Finding, itemPlace, placeOf } from "../../model/finding.ts";
import { type Contents, DIFFERENT, type Digest } from "../../model/items.ts";
import type { ObserveAnswer, Observed } from "../../model/protocol.ts";
import { type OpenHost, queryHost } from "../query-host.ts";
import { type Selection, select } from "../selection.ts";
import { isAgentSelected } from "./agents.ts";
import { withKind } from "./finding-kind.ts";
import type { FleetReport, HostReport, Orphan, UnknownItem, UnmanagedThing } from "./fleet-report.ts";

/** What one host adds to the report. */
interface HostLook {
  readonly host: HostReport;
  readonly findings: readonly Finding[];
  readonly unknown: readonly UnknownItem[];
  readonly orphans: readonly Orphan[];
  readonly unmanaged: readonly UnmanagedThing[];
}

/**
 * Looks at the hosts of a fleet, all at once and each in one round trip, and compares them with what is
 * declared. Writes nothing. A host without an answer is part of the report and holds up no other.
 */
export async function observeFleet(
  fleet: Fleet,
  plan: Plan,
  selection: Selection,
  open: OpenHost,
): Promise<FleetReport> {
  const declarations = select(plan, selection);
  const byHost = Map.groupBy(declarations, (one) => one.host);
  const known = new Set(plan.declarations.flatMap((one) => [one.id, ...one.formerly]));
  const looks = await Promise.all(
    [...byHost].map(([host, ours]) => lookAt(fleet, host, ours, plan.contents, known, open)),
  );
  return {
    fleet: fleet.name,
    agents: new Set(declarations.flatMap((one) => one.agent ?? [])).size,
    services: new Set(declarations.flatMap((one) => one.service ?? [])).size,
    hosts: looks.map((look) => look.host),
    findings: looks.flatMap((look) => look.findings).map(withKind),
    unknown: looks.flatMap((look) => look.unknown),
    orphans: looks.flatMap((look) => look.orphans),
    unmanaged: looks.flatMap((look) => look.unmanaged).filter((one) => isAsked(fleet, one, selection)),
  };
}

async function lookAt(
  fleet: Fleet,
  host: string,
  declarations: readonly Declaration[],
  contents: Contents,
  known: ReadonlySet<string>,
  open: OpenHost,
): Promise<HostLook> {
  const resources = declarations.map(({ id, items }) => ({ id, items }));
  const asked = await queryHost(fleet, host, open, (reader) =>
    reader.observe({
      op: "observe",
      resources,
      contents: rowsOf(declarations, contents),
      unmanaged: true,
    }),
  );
  if (asked.answer === undefined) return { host: asked.host, ...NOTHING };
  const { answer } = asked;
  return {
    host: asked.host,
    findings: declarations.flatMap((one) => {
      const findings = findingsOf(one, answer.resources[one.id]);
      return isToBeRenamed(one, answer) ? findings.flatMap(asRenamed) : findings;
    }),
    unknown: declarations.flatMap((one) => unknownOf(one, answer.resources[one.id])),
    orphans: orphansOf(host, answer, known),
    unmanaged: (answer.unmanaged ?? []).map((one) => ({ host, ...agentOf(fleet, host, one.user), ...one })),
  };
}

const NOTHING = { findings: [], unknown: [], orphans: [], unmanaged: [] };

/** The agent whose user it is; under `isolation: tenant` that may be several. */
function agentOf(fleet: Fleet, host: string, user: string): { agent?: string } {
  const [agent, ...others] = Object.values(fleet.agents).filter(
    (one) => one.host === host && one.user === user,
  );
  return agent === undefined || others.length > 0 ? {} : { agent: agent.name };
}

/** Whether a user is one of those that are looked at; whom no agent has any more belongs to the whole. */
function isAsked(fleet: Fleet, { host, user }: UnmanagedThing, selection: Selection): boolean {
  const agents = Object.values(fleet.agents).filter((one) => one.host === host && one.user === user);
  const isWhole = selection.tenant === undefined && selection.slice?.kind !== "tenant";
  return agents.length === 0 ? isWhole : agents.some((agent) => isAgentSelected(agent, selection));
}

/** What differs by a rename is what fleet.yaml wants; of a secret the record under the new name tells nothing yet. */
function asRenamed(finding: Finding): Finding[] {
  return finding.observed === DIFFERENT ? [] : [{ ...finding, cause: "intended" }];
}

/** Whether the host has it under a former name still. */
function isToBeRenamed({ id, formerly }: Declaration, { recorded }: ObserveAnswer): boolean {
  const ids = new Set(recorded.map((record) => record.id));
  return !ids.has(id) && formerly.some((former) => ids.has(former));
}

/** Declared rows are the only contents that a host must hold to say which cell differs. */
function rowsOf(declarations: readonly Declaration[], contents: Contents): Contents {
  const digests = declarations
    .flatMap((one) => Object.values(one.items))
    .flatMap((item): Digest[] => (item.kind === "rows" ? [item.want.rows] : []));
  return Object.fromEntries(digests.map((digest) => [digest, contents[digest] ?? ""]));
}

function findingsOf(declaration: Declaration, seen: Observed | undefined): Finding[] {
  const pending = (seen?.unapplied ?? []).map((item) => ({ item, ...NOT_APPLIED }));
  const found = [...pending, ...differences(declaration, seen)];
  return found.map((one) => ({ ...placeOf(declaration), ...one, ...itemPlace(one.item) }));
}

/** What a reader's key is told of an item that no `up` applied yet, or not there. */
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
    const observation = seen?.observed[item] ?? { unknown: "the host said nothing of it." };
    if (!("unknown" in observation)) return [];
    return [{ ...placeOf(declaration), ...itemPlace(item), reason: observation.unknown }];
  });
}

function orphansOf(host: string, answer: ObserveAnswer, known: ReadonlySet<string>): Orphan[] {
  return answer.recorded
    .filter(({ id }) => !known.has(id))
    .map(({ id, owner }) => ({ host, resource: id, owner }));
}
