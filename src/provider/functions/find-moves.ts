import type { DirectoryItem } from "../../model/items.ts";
import type { MoveMark } from "../../model/move.ts";
import type { DeclaredResource } from "../../model/preflight.ts";
import type { ObserveAnswer } from "../../model/protocol.ts";
import { fromWire } from "../../model/pulumi-items.ts";
import { agentOf } from "../../model/resource-id.ts";
import { isHomeFolder, wireItems } from "../handlers/items/inputs.ts";
import type { AnnouncedMove } from "../notices/moves.ts";
import { outsideHome } from "../observed-users.ts";
import type { EngineResource } from "../resources-in-state.ts";

/** Observes the host that has this name in the state. Returns undefined if the host is unreachable. */
export type ObserveHost = (host: string) => Promise<ObserveAnswer | undefined>;

/** An agent's home that belongs to this stack. The id of its resource is not declared in fleet.yaml. */
interface Home {
  readonly id: string;
  readonly host: string;
  readonly path: string | undefined;
  readonly isProtected: boolean;
}

export interface FoundMoves {
  readonly moves: readonly AnnouncedMove[];
  /**
   * The homes that have moved to another host. `place` is `<host>/<agent>` with the old host, which might still have
   * files from the home. `to` is the new host.
   */
  readonly gone: readonly (readonly [place: string, to: string])[];
  /** Agents in this run that have no home yet on the host that fleet.yaml declares. */
  readonly newcomers: readonly string[];
}

/**
 * Finds the agents whose home is not on their declared host. The engine's state says where a home is. If the state was
 * lost, the records on the hosts say this. If two hosts have the home, their move marks say which copy is valid.
 *
 * @param known the answers of the hosts that have already been observed
 */
export async function findMoves(
  owner: string,
  stateResources: readonly EngineResource[],
  declared: readonly DeclaredResource[],
  known: ReadonlyMap<string, ObserveAnswer>,
  observe: ObserveHost,
): Promise<FoundMoves> {
  const names = new Set(declared.flatMap(({ name, formerly }) => [name, ...formerly]));
  const homes = homesOf(owner, stateResources, known).filter(({ id }) => !names.has(id));
  const inState = new Set(stateResources.map(({ urn }) => urn.name));
  const found = await Promise.all(
    declared
      .filter(({ name }) => isHome(name))
      .map(async (one) => {
        const isNew = ![one.name, ...one.formerly].some((name) => inState.has(name));
        const agents = [one.name, ...one.formerly].map(agentOf);
        const others = homes.filter(({ id, host }) => host !== one.host && agents.includes(agentOf(id)));
        if (others.length > 0)
          return { newcomers: [], ...(await moveTo(one, owner, isNew, others, observe)) };
        const mark = known.get(one.host)?.moves?.find(({ agent }) => agent === agentOf(one.name));
        return { moves: [], gone: [], newcomers: isNew || isArriving(mark) ? [one.name] : [] };
      }),
  );
  return {
    moves: found.flatMap(({ moves }) => moves),
    gone: found.flatMap(({ gone }) => gone),
    newcomers: found.flatMap(({ newcomers }) => newcomers),
  };
}

/** Whether the resource with this name contains an agent's home. */
function isHome(name: string): boolean {
  return agentOf(name) !== undefined;
}

function homesOf(
  owner: string,
  stateResources: readonly EngineResource[],
  known: ReadonlyMap<string, ObserveAnswer>,
): Home[] {
  const inState = stateResources.flatMap(({ urn, inputs }): Home[] => {
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
  return [...new Map([...recorded, ...inState].map((home) => [home.id, home])).values()];
}

function homePath(items: readonly { readonly kind: string }[]): string | undefined {
  return items.find((item): item is DirectoryItem => isHomeFolder(item))?.path;
}

/** Returns the move that a declared agent needs; no move if its home is already on the declared host. */
async function moveTo(
  { name, host, formerly }: DeclaredResource,
  owner: string,
  isNew: boolean,
  others: readonly Home[],
  observe: ObserveHost,
): Promise<Pick<FoundMoves, "moves" | "gone">> {
  const atTarget = await observe(host);
  const mark = markIn(atTarget, name);
  const candidates = await Promise.all(
    others.map(async (home) => {
      const answer = await observe(home.host);
      const outside = outsideHome(answer, agentOf(home.id));
      return { home, isUnreachable: answer === undefined, mark: markIn(answer, home.id), outside };
    }),
  );
  const gone = candidates.flatMap(({ home, mark }) =>
    mark?.state === "gone" ? [[`${home.host}/${mark.agent}`, mark.other] as const] : [],
  );
  const hasRecord = atTarget?.recorded.some(
    (one) => one.owner === owner && [name, ...formerly].includes(one.id),
  );
  const isAtTarget =
    atTarget === undefined ? !isNew : hasRecord === true && !isArriving(mark) && mark?.state !== "gone";
  // A host with the mark `gone` no longer has the home. Such a host is a candidate only while the target host still has
  // a mark with the same move, because this move is then not complete yet.
  const holders = candidates.filter((one) => one.mark?.state !== "gone" || one.mark.move === mark?.move);
  const [first] = holders.toSorted((a, b) => Number(isArriving(a.mark)) - Number(isArriving(b.mark)));
  if (isAtTarget || first === undefined) return { moves: [], gone };
  const { id, host: from, path, isProtected } = first.home;
  return {
    moves: [
      {
        ...{ id, from, toId: name, to: host, isProtected, home: path },
        ...{ isUnreachable: first.isUnreachable, outside: first.outside },
      },
    ],
    gone,
  };
}

function markIn(answer: ObserveAnswer | undefined, id: string): MoveMark | undefined {
  return answer?.moves?.find(({ agent }) => agent === agentOf(id));
}

/** Whether the agent is still arriving on the host that has this mark. */
function isArriving(mark: MoveMark | undefined): boolean {
  return mark !== undefined && mark.state !== "leaving" && mark.state !== "gone";
}
