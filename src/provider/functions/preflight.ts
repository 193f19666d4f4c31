import { MACHINES } from "../../host-kinds/registry.ts";
import { RESOURCE_TYPES } from "../../model/declaration.ts";
import { isFormerUnit } from "../../model/found-items.ts";
import type { HostRecord } from "../../model/host-record.ts";
import { itemAddress } from "../../model/item-address.ts";
import type { HostItem } from "../../model/items.ts";
import type {
  DeclaredResource,
  PreflightAnswer,
  PreflightRequest,
  UnclaimedRecord,
} from "../../model/preflight.ts";
import type { ObserveAnswer } from "../../model/protocol.ts";
import { fromWire } from "../../model/pulumi-items.ts";
import { isRecurring, type RecurrencePolicy, recurrenceText } from "../../model/recurrence.ts";
import { agentOf, subjectKey, subjectOf } from "../../model/resource-id.ts";
import type { ProviderContext } from "../context.ts";
import { wireItems } from "../handlers/items/inputs.ts";
import { moveSentences } from "../notices/moves.ts";
import { type Removal, removalSentences } from "../notices/removals.ts";
import { renameSentences } from "../notices/renames.ts";
import { filesNaming } from "../observed-users.ts";
import type { RecurringSentence } from "../recurring-resources.ts";
import type { EngineResource } from "../resources-in-state.ts";
import { findMoves, type ObserveHost } from "./find-moves.ts";
import type { Report } from "./provider-function.ts";

/**
 * Receives the program's declarations, and announces the moves, removals and renames. Returns the moves, and the
 * records of this stack on hosts that belong to no declared resource. A host that cannot be observed counts as a host
 * without records.
 */
export async function preflight(
  context: ProviderContext,
  { owner, declared, recurrence }: PreflightRequest,
  report: Report,
): Promise<PreflightAnswer> {
  const inState = context.engineState.all();
  const by = inState.length > 0 ? context.observations : context.silentObservations;
  const observe = (host: string) => by.at(host, owner).catch(() => undefined);
  const observedHosts = await Promise.all(
    hostsInReach(inState, declared).map((place) => observePlace(place, observe)),
  );
  const known = new Map(observedHosts.flatMap(({ known, answer }) => (answer ? [[known, answer]] : [])));
  const { moves, gone, newcomers } = await findMoves(owner, inState, declared, known, observe);
  context.moves.expect(moves);
  const moving = new Set(moves.map(({ id }) => subjectKey(id)));
  for (const sentence of moveSentences(moves)) await report(sentence);
  for (const sentence of sentencesOf(inState, declared, moving, new Map(gone), known)) await report(sentence);
  const names = new Set(declared.flatMap(({ name, formerly }) => [name, ...formerly]));
  const recurring = recurringAmong(observedHosts, declared, recurrence);
  for (const one of recurring) await report(one.sentence);
  if (recurrence.onRecurrence === "block") context.recurring.block(recurring);
  const unclaimed = observedHosts
    .flatMap(recordsOn)
    .filter(({ id }) => !names.has(id) && !moving.has(subjectKey(id)));
  return {
    unclaimed,
    moves: Object.fromEntries(moves.map(({ toId, id }) => [toId, id])),
    newcomers,
  };
}

function sentencesOf(
  inState: readonly EngineResource[],
  declared: readonly DeclaredResource[],
  moving: ReadonlySet<string>,
  homesGone: ReadonlyMap<string, string>,
  known: ReadonlyMap<string, ObserveAnswer>,
): string[] {
  const currentNames = new Map(
    declared.flatMap(({ name, formerly }) => [name, ...formerly].map((one) => [one, name])),
  );
  const kept = new Set([...declared.map(({ name }) => subjectKey(name)), ...moving]);
  const gone = inState.filter(
    ({ urn }) => !currentNames.has(urn.name) && !kept.has(subjectKey(urn.name)) && !outlives(urn.type),
  );
  const renamed = inState.flatMap(({ urn }) => {
    const to = currentNames.get(urn.name) ?? urn.name;
    const { host, name } = subjectOf(urn.name);
    const files = filesNaming(known.get(host))[name] ?? [];
    return to === urn.name ? [] : [{ type: urn.type, from: urn.name, to, files }];
  });
  const removals = gone.map((one) => {
    const movedTo = homesGone.get(placeOf(one.urn.name));
    const removal = removalOf(one, declared, movedTo);
    const answer = known.get(removal.host);
    const found = movedTo === undefined ? answer?.resources[removal.name]?.record?.found : {};
    return { ...removal, ...(found && { found }), filesNaming: filesNaming(answer) };
  });
  return [...removalSentences(removals, "up"), ...renameSentences(renamed)];
}

/** Whether a resource is a machine that Muster did not create. The removal of such a resource removes nothing. */
function outlives(type: string): boolean {
  const machine = MACHINES.find((one) => one.type === type);
  return machine !== undefined && machine.removalText === undefined;
}

/** Returns the key of an agent's home in the result of findMoves: `<host>/<agent>`. */
function placeOf(name: string): string {
  return `${subjectOf(name).host}/${agentOf(name) ?? ""}`;
}

/** The current name of a host, and its name in the state. */
interface Place {
  readonly host: string;
  readonly known: string;
}

/**
 * Returns the hosts of the resources that the engine has sent, because a run can cover only some hosts. If the state is
 * empty, returns all declared hosts.
 */
function hostsInReach(inState: readonly EngineResource[], declared: readonly DeclaredResource[]): Place[] {
  const currentNames = new Map(
    declared.flatMap((one) => [one.name, ...one.formerly].map((name) => [name, one.host])),
  );
  const places =
    inState.length === 0
      ? declared.map(({ host }) => ({ host, known: host }))
      : inState.flatMap(({ urn, inputs }) => {
          const host = MACHINES.some(({ type }) => type === urn.type)
            ? undefined
            : currentNames.get(urn.name);
          return host === undefined ? [] : [{ host, known: `${inputs["host"]}` }];
        });
  return [...new Map(places.map((place) => [place.host, place])).values()];
}

/**
 * Describes the removal of a resource that is in the state.
 *
 * @param movedTo the host that now has the agent's home; absent if the agent has not moved
 */
function removalOf(
  { urn, inputs }: EngineResource,
  declared: readonly DeclaredResource[],
  movedTo?: string,
): Removal {
  const items = Object.values(wireItems(inputs)).map(fromWire);
  const machine = MACHINES.find(({ type }) => type === urn.type);
  return {
    name: urn.name,
    host: `${inputs["host"]}`,
    items: movedTo === undefined ? items : items.filter((item) => !isFormerUnit(item)).map(asCopy),
    isProtected: inputs["protect"] === true,
    ...(machine?.removalText && { machine: machine.removalText(inputs) }),
    why: movedTo === undefined ? whyGone(urn.name, declared) : ` has moved to ${movedTo}`,
  };
}

/**
 * Marks a folder that a moved agent has left on its old host for deletion. The folder is only a copy, so it does not
 * have to be moved aside.
 */
function asCopy(item: HostItem): HostItem {
  return item.kind === "directory" && item.onRemove === "aside" ? { ...item, onRemove: "wipe" } : item;
}

function whyGone(id: string, declared: readonly DeclaredResource[]): string {
  const { kind, name } = subjectOf(id);
  // A tenant exists only on hosts that have an agent of this tenant.
  if (kind === "tenant") return " has no agent here any more";
  const isSame = (other: string) => subjectOf(other).kind === kind && subjectOf(other).name === name;
  const elsewhere = kind === "host" ? undefined : declared.find((one) => isSame(one.name));
  return elsewhere === undefined ? " is not in fleet.yaml any more" : ` runs on ${elsewhere.host} now`;
}

interface ObservedPlace extends Place {
  readonly answer: ObserveAnswer | undefined;
}

async function observePlace(place: Place, observe: ObserveHost): Promise<ObservedPlace> {
  return { ...place, answer: await observe(place.known) };
}

function recordsOn({ host, answer }: ObservedPlace): UnclaimedRecord[] {
  const records = Object.entries(answer?.resources ?? {});
  return records
    .sort(([, a], [, b]) => rank(b.record) - rank(a.record))
    .map(([id, { items }]) => ({ id, host, addresses: Object.values(items).map(itemAddress) }));
}

/**
 * Returns the rank of a record's type in the order of creation. Resources are removed in the reverse order.
 */
function rank(record: HostRecord | undefined): number {
  const order: readonly string[] = RESOURCE_TYPES;
  return order.indexOf(record?.type ?? "");
}

/** Returns the recurring findings of declared resources. Each sentence names the host. */
function recurringAmong(
  places: readonly ObservedPlace[],
  declared: readonly DeclaredResource[],
  { within, onRecurrence }: RecurrencePolicy,
): RecurringSentence[] {
  const names = new Map(
    declared.flatMap((one) => [one.name, ...one.formerly].map((name) => [name, one.name])),
  );
  return places.flatMap(({ host, answer }) =>
    (answer?.repeated ?? []).flatMap((one) => {
      const id = names.get(one.resource);
      if (id === undefined || !isRecurring(one, within)) return [];
      const refused = onRecurrence === "block" ? " Until then, `up` refuses the resource." : "";
      return [{ id, sentence: `${host}: ${recurrenceText(one)}${refused}` }];
    }),
  );
}
