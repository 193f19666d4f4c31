import { MACHINES } from "../../host-kinds/registry.ts";
import { RESOURCE_TYPES } from "../../model/declaration.ts";
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
import { agentOf, subjectKey, subjectOf } from "../../model/resource-id.ts";
import { fromWire } from "../../model/wire-items.ts";
import type { ProviderContext } from "../context.ts";
import type { EngineResource } from "../engine-state.ts";
import { wireItems } from "../handlers/items/inputs.ts";
import { moveSentences } from "../notices/moves.ts";
import { type Removal, removalSentences } from "../notices/removals.ts";
import { renameSentences } from "../notices/renames.ts";
import { findMoves, type ObserveHost } from "./find-moves.ts";
import type { Report } from "./provider-function.ts";

/**
 * Receives what the program declares, announces what will be removed and what was renamed, and returns the records of
 * this stack on the hosts that are not declared. A host that cannot be observed counts as having none.
 */
export async function preflight(
  services: ProviderContext,
  { owner, declared }: PreflightRequest,
  tell: Report,
): Promise<PreflightAnswer> {
  const seen = services.seen.all();
  const by = seen.length > 0 ? services.looks : services.firstLooks;
  const look = (host: string) => by.at(host, owner).catch(() => undefined);
  const looks = await Promise.all(hostsInReach(seen, declared).map((place) => lookAt(place, look)));
  const known = new Map(looks.flatMap(({ known, answer }) => (answer ? [[known, answer]] : [])));
  const { moves, gone, newcomers } = await findMoves(owner, seen, declared, known, look);
  services.moves.expect(moves);
  const moving = new Set(moves.map(({ id }) => subjectKey(id)));
  for (const sentence of moveSentences(moves)) await tell(sentence);
  for (const sentence of sentencesOf(seen, declared, moving, new Map(gone))) await tell(sentence);
  const names = new Set(declared.flatMap(({ name, formerly }) => [name, ...formerly]));
  const unclaimed = looks
    .flatMap(recordsOn)
    .filter(({ id }) => !names.has(id) && !moving.has(subjectKey(id)));
  return {
    unclaimed,
    moves: Object.fromEntries(moves.map(({ toId, id }) => [toId, id])),
    newcomers,
  };
}

function sentencesOf(
  seen: readonly EngineResource[],
  declared: readonly DeclaredResource[],
  moving: ReadonlySet<string>,
  homesGone: ReadonlyMap<string, string>,
): string[] {
  const today = new Map(
    declared.flatMap(({ name, formerly }) => [name, ...formerly].map((one) => [one, name])),
  );
  const kept = new Set([...declared.map(({ name }) => subjectKey(name)), ...moving]);
  const gone = seen.filter(({ urn }) => !today.has(urn.name) && !kept.has(subjectKey(urn.name)));
  const renamed = seen.flatMap(({ urn }) => {
    const to = today.get(urn.name) ?? urn.name;
    return to === urn.name ? [] : [{ type: urn.type, from: urn.name, to }];
  });
  const going = gone.map((one) => goingOf(one, declared, homesGone.get(placeOf(one.urn.name))));
  return [...removalSentences(going, "up"), ...renameSentences(renamed)];
}

/** `<host>/<agent>`, in the form that findMoves uses. */
function placeOf(name: string): string {
  return `${subjectOf(name).host}/${agentOf(name) ?? ""}`;
}

/** A host by its current name, and the name under which it was observed. */
interface Place {
  readonly host: string;
  readonly known: string;
}

/** The hosts that the engine asked about, because a run may cover only some; without a state, the declared ones. */
function hostsInReach(seen: readonly EngineResource[], declared: readonly DeclaredResource[]): Place[] {
  const today = new Map(
    declared.flatMap((one) => [one.name, ...one.formerly].map((name) => [name, one.host])),
  );
  const places =
    seen.length === 0
      ? declared.map(({ host }) => ({ host, known: host }))
      : seen.flatMap(({ urn, inputs }) => {
          const host = MACHINES.some(({ type }) => type === urn.type) ? undefined : today.get(urn.name);
          return host === undefined ? [] : [{ host, known: `${inputs["host"]}` }];
        });
  return [...new Map(places.map((place) => [place.host, place])).values()];
}

/** A resource of the state that will be removed. @param movedTo the host that has its agent's home now */
function goingOf(
  { urn, inputs }: EngineResource,
  declared: readonly DeclaredResource[],
  movedTo?: string,
): Removal {
  const items = Object.values(wireItems(inputs)).map(fromWire);
  const machine = MACHINES.find(({ type }) => type === urn.type);
  return {
    name: urn.name,
    host: `${inputs["host"]}`,
    items: movedTo === undefined ? items : items.map(asCopy),
    isProtected: inputs["protect"] === true,
    ...(machine && { machine: machine.removalText(inputs) }),
    why: movedTo === undefined ? whyGone(urn.name, declared) : ` has moved to ${movedTo}`,
  };
}

/** Files that an agent left behind are not kept. */
function asCopy(item: HostItem): HostItem {
  return item.kind === "directory" && item.onRemove === "aside" ? { ...item, onRemove: "wipe" } : item;
}

function whyGone(id: string, declared: readonly DeclaredResource[]): string {
  const { kind, name } = subjectOf(id);
  // A tenant is on the hosts of its agents.
  if (kind === "tenant") return " has no agent here any more";
  const isSame = (other: string) => subjectOf(other).kind === kind && subjectOf(other).name === name;
  const elsewhere = kind === "host" ? undefined : declared.find((one) => isSame(one.name));
  return elsewhere === undefined ? " is not in fleet.yaml any more" : ` lives on ${elsewhere.host} now`;
}

interface Look extends Place {
  readonly answer: ObserveAnswer | undefined;
}

async function lookAt(place: Place, look: ObserveHost): Promise<Look> {
  return { ...place, answer: await look(place.known) };
}

function recordsOn({ host, answer }: Look): UnclaimedRecord[] {
  const records = Object.entries(answer?.resources ?? {});
  return records
    .sort(([, a], [, b]) => rank(b.record) - rank(a.record))
    .map(([id, { items }]) => ({ id, host, addresses: Object.values(items).map(itemAddress) }));
}

/** Resources are removed in the reverse order of their creation. */
function rank(record: HostRecord | undefined): number {
  const order: readonly string[] = RESOURCE_TYPES;
  return order.indexOf(record?.type ?? "");
}
