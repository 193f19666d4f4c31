import type { DirectoryItem } from "../../model/items.ts";
import type { MoveMark } from "../../model/move.ts";
import type { DeclaredResource } from "../../model/preflight.ts";
import type { ObserveAnswer } from "../../model/protocol.ts";
import { agentOf } from "../../model/resource-id.ts";
import { fromWire } from "../../model/wire-items.ts";
import type { EngineResource } from "../engine-state.ts";
import { isHomeFolder, wireItems } from "../handlers/items/inputs.ts";
import type { AnnouncedMove } from "../notices/moves.ts";

/** The observations of hosts, by the name under which each was observed; none for an unreachable host. */
export type ObserveHost = (host: string) => Promise<ObserveAnswer | undefined>;

/** A home that belongs to this stack and is not declared under its id. */
interface Home {
  readonly id: string;
  readonly host: string;
  readonly path: string | undefined;
  readonly isProtected: boolean;
}

export interface FoundMoves {
  readonly moves: readonly AnnouncedMove[];
  /** The host that each home has moved to, by `<host>/<agent>`: files that it left behind may still be there. */
  readonly gone: readonly (readonly [place: string, to: string])[];
  /** Agents that have no home yet on the host that fleet.yaml declares, among those that this run was asked about. */
  readonly newcomers: readonly string[];
}

/**
 * Finds the agents that are declared on another host than the one that has their home. The engine's state says where
 * the home is, or the hosts' records where the state was lost. If two hosts have it, their move marks say which one
 * is the true one.
 *
 * @param known hosts that were observed already
 */
export async function findMoves(
  owner: string,
  seen: readonly EngineResource[],
  declared: readonly DeclaredResource[],
  known: ReadonlyMap<string, ObserveAnswer>,
  look: ObserveHost,
): Promise<FoundMoves> {
  const names = new Set(declared.flatMap(({ name, formerly }) => [name, ...formerly]));
  const homes = homesOf(owner, seen, known).filter(({ id }) => !names.has(id));
  const stated = new Set(seen.map(({ urn }) => urn.name));
  const found = await Promise.all(
    declared
      .filter(({ name }) => isHome(name))
      .map(async (one) => {
        const isNew = ![one.name, ...one.formerly].some((name) => stated.has(name));
        const agents = [one.name, ...one.formerly].map(agentOf);
        const others = homes.filter(({ id, host }) => host !== one.host && agents.includes(agentOf(id)));
        if (others.length > 0) return { newcomers: [], ...(await moveTo(one, owner, isNew, others, look)) };
        const mark = known.get(one.host)?.moves?.find(({ agent }) => agent === agentOf(one.name));
        return { moves: [], gone: [], newcomers: isNew || isComing(mark) ? [one.name] : [] };
      }),
  );
  return {
    moves: found.flatMap(({ moves }) => moves),
    gone: found.flatMap(({ gone }) => gone),
    newcomers: found.flatMap(({ newcomers }) => newcomers),
  };
}

/** Whether a resource has an agent's home. */
function isHome(name: string): boolean {
  return agentOf(name) !== undefined;
}

function homesOf(
  owner: string,
  seen: readonly EngineResource[],
  known: ReadonlyMap<string, ObserveAnswer>,
): Home[] {
  const stated = seen.flatMap(({ urn, inputs }): Home[] => {
    if (!isHome(urn.name)) return [];
    const items = Object.values(wireItems(inputs)).map(fromWire);
    const isProtected = inputs["protect"] === true;
    return [{ id: urn.name, host: `${inputs["host"]}`, path: homePath(items), isProtected }];
  });
  const recorded = [...known].flatMap(([host, { resources }]) =>
    Object.entries(resources).flatMap(([id, { items, record }]): Home[] => {
      if (!isHome(id) || (record && record.owner !== owner)) return [];
      return [{ id, host, path: homePath(Object.values(items)), isProtected: false }];
    }),
  );
  return [...new Map([...recorded, ...stated].map((home) => [home.id, home])).values()];
}

function homePath(items: readonly { readonly kind: string }[]): string | undefined {
  return items.find((item): item is DirectoryItem => isHomeFolder(item))?.path;
}

/** The move that a declared home needs, unless its agent is there already. */
async function moveTo(
  { name, host, formerly }: DeclaredResource,
  owner: string,
  isNew: boolean,
  others: readonly Home[],
  look: ObserveHost,
): Promise<Pick<FoundMoves, "moves" | "gone">> {
  const there = await look(host);
  const mark = markIn(there, name);
  const places = await Promise.all(
    others.map(async (home) => {
      const seen = await look(home.host);
      return { home, isAway: seen === undefined, mark: markIn(seen, home.id) };
    }),
  );
  const gone = places.flatMap(({ home, mark }) =>
    mark?.state === "gone" ? [[`${home.host}/${mark.agent}`, mark.other] as const] : [],
  );
  const isThere = there?.recorded.some((one) => one.owner === owner && [name, ...formerly].includes(one.id));
  const lives = there === undefined ? !isNew : isThere === true && !isComing(mark) && mark?.state !== "gone";
  // A host that has let it go does not have it any more, unless this host has not heard of that yet.
  const holders = places.filter((one) => one.mark?.state !== "gone" || one.mark.move === mark?.move);
  const [first] = holders.toSorted((a, b) => Number(isComing(a.mark)) - Number(isComing(b.mark)));
  if (lives || first === undefined) return { moves: [], gone };
  const { id, host: from, path, isProtected } = first.home;
  return { moves: [{ id, from, toId: name, to: host, isProtected, home: path, isAway: first.isAway }], gone };
}

function markIn(look: ObserveAnswer | undefined, id: string): MoveMark | undefined {
  return look?.moves?.find(({ agent }) => agent === agentOf(id));
}

/** It is moving to the host that has this mark, and was never there. */
function isComing(mark: MoveMark | undefined): boolean {
  return mark !== undefined && mark.state !== "leaving" && mark.state !== "gone";
}
