import { MusterError } from "../../src/base/errors.ts";
import { canChangePart, partOf } from "../../src/model/agent-parts.ts";
import type { HostRecord } from "../../src/model/host-record.ts";
import {
  AS_DECLARED,
  DIFFERENT,
  type HostItem,
  type Observation,
  type Props,
} from "../../src/model/items.ts";
import type { RepeatedRepair } from "../../src/model/ledger.ts";
import type { MoveMark, MoveRequest } from "../../src/model/move.ts";
import type { PartFailure } from "../../src/model/part-failure.ts";
import type {
  CommitRequest,
  ConvergeAnswer,
  ConvergeRequest,
  InstallRequest,
  ObserveAnswer,
  ObserveRequest,
  RemoveAnswer,
  RemoveRequest,
  SupplyRequest,
} from "../../src/model/protocol.ts";
import type { Hosts } from "../../src/provider/context.ts";
import { HostError } from "../../src/transport/host-error.ts";
import { memoryMover } from "./memory-mover.ts";

type AnyRequest =
  | ObserveRequest
  | ConvergeRequest
  | InstallRequest
  | SupplyRequest
  | CommitRequest
  | RemoveRequest
  | MoveRequest;

/** A host that keeps its items in memory, and responds like a real host. */
export interface MemoryHost {
  /** The existing items, by address. A test changes these items as a person on the host would. */
  readonly things: Map<string, Props>;
  readonly records: Map<string, HostRecord>;
  /** The marks of moving agents, by agent. */
  readonly moves: Map<string, MoveMark>;
  /** The content of the agents' homes, by agent. */
  readonly homes: Map<string, string>;
  /** All requests, in their order. */
  readonly requests: AnyRequest[];
  /**
   * While this error is set, no connection succeeds. With the reason `cut`, connections succeed, but every request
   * fails.
   */
  unreachable?: Error | undefined;
  /** The reasons why items cannot be observed, by the item's address. */
  readonly unknown: Map<string, string>;
  /** The repeated repairs that the host reports. */
  repeated: readonly RepeatedRepair[];
  /** The parts of an agent that cannot be applied, and the reasons. */
  failures: readonly PartFailure[];
  /** If set, each converge fails after it has changed this number of items. */
  failAfter?: number | undefined;
  uninstalled: boolean;
}

export function memoryHost(): MemoryHost {
  const [things, records, moves, homes, unknown] = [new Map(), new Map(), new Map(), new Map(), new Map()];
  return {
    things,
    records,
    moves,
    homes,
    requests: [],
    unknown,
    repeated: [],
    failures: [],
    uninstalled: false,
  };
}

/** Replaces the provider's connections to hosts with connections to hosts in memory. */
export function memoryHosts(hosts: Readonly<Record<string, MemoryHost>>): Hosts {
  const named = (name: string): MemoryHost => {
    const host = hosts[name];
    if (host !== undefined) return host;
    throw new MusterError({ where: name, what: "no such host", why: "fleet.yaml does not name it." });
  };
  const connected = async (name: string): Promise<MemoryHost> => {
    const host = named(name);
    const { unreachable } = host;
    if (unreachable === undefined || (unreachable instanceof HostError && unreachable.reason === "cut"))
      return host;
    throw unreachable;
  };
  return {
    reader: async (name) => {
      const host = await connected(name);
      return { observe: async (request) => observe(arrived(host, request), request) };
    },
    writer: async (name) => {
      const host = await connected(name);
      return {
        converge: async (request) => converge(arrived(host, request), request),
        install: async (request) => {
          arrived(host, request);
          return { missing: [] };
        },
        supply: async (request) => {
          arrived(host, request);
          return {};
        },
        commit: async (request) => {
          arrived(host, request);
          return { isStored: true };
        },
      };
    },
    remover: async (name) => {
      const host = await connected(name);
      const uninstall = async () => {
        host.uninstalled = true;
      };
      return { remove: async (request) => remove(arrived(host, request), request), uninstall };
    },
    mover: async (name) => memoryMover(await connected(name)),
    rename: () => undefined,
    reset: (name) => {
      named(name).unreachable = undefined;
    },
  };
}

/** Returns the address of an item as one text. */
export function addressOfItem(item: HostItem): string {
  const place = "path" in item ? item.path : "name" in item ? item.name : "";
  return `${item.kind} ${place} ${"table" in item ? item.table : ""}`.trim();
}

function arrived(host: MemoryHost, request: AnyRequest): MemoryHost {
  host.requests.push(request);
  if (host.unreachable !== undefined) throw host.unreachable;
  return host;
}

function observe(host: MemoryHost, request: ObserveRequest): ObserveAnswer {
  const records = [...host.records.values()];
  const requested = request.resources ?? records.filter(({ owner }) => owner === request.owner);
  const resources = requested.map(({ id, items }) => {
    const record = host.records.get(id);
    return [id, { items, observed: lookAll(host, items), ...(record && { record }) }];
  });
  const recorded = records.map(({ id, owner }) => ({ id, owner }));
  const moves = [...host.moves.values()];
  return {
    resources: Object.fromEntries(resources),
    recorded,
    ...(moves.length > 0 && { moves }),
    ...(host.repeated.length > 0 && { repeated: host.repeated }),
  };
}

function lookAll(host: MemoryHost, items: HostRecord["items"]): Record<string, Observation> {
  return Object.fromEntries(Object.entries(items).map(([name, item]) => [name, observeItem(host, item)]));
}

const ABSENT: Props = { type: "absent" };
const GONE: Readonly<Record<string, Props>> = {
  file: ABSENT,
  directory: ABSENT,
  rows: ABSENT,
  group: { present: false },
  user: { present: false },
  package: { present: false },
  unit: { enabled: "absent", active: "stopped", overrides: "none" },
  timer: { enabled: "absent", active: "stopped", overrides: "none" },
};

function observeItem(host: MemoryHost, item: HostItem): Observation {
  const address = addressOfItem(item);
  const unknown = host.unknown.get(address);
  if (unknown !== undefined) return { unknown };
  const gone = GONE[item.kind] ?? {};
  return { props: hidingSecret(item, host.things.get(address) ?? gone) };
}

function converge(host: MemoryHost, request: ConvergeRequest): ConvergeAnswer {
  const { id, type, owner, items } = request;
  const old = host.records.get(id);
  if (old !== undefined && old.owner !== owner) {
    throw new MusterError({ what: id, why: `it belongs to ${old.owner}.` });
  }
  const recorded = withoutSecrets(items);
  const wants = (done: boolean) =>
    Object.fromEntries(
      Object.entries(recorded)
        .filter(([name]) => isDone(host, name) === done)
        .map(([name, { want }]) => [name, want as Props]),
    );
  const { failures } = host;
  const unfinished = failures.length > 0 && { intended: wants(false), failures };
  host.records.set(id, { id, type, owner, items: recorded, applied: wants(true), ...unfinished });
  Object.entries(items).forEach(([name, item], index) => {
    if (index === host.failAfter) throw new MusterError({ what: id, why: "the disk is full." });
    if (isDone(host, name)) host.things.set(addressOfItem(item), item.want as Props);
  });
  return { observed: lookAll(host, items), changed: [], ...(failures.length > 0 && { failures }) };
}

/** Returns whether neither an item's part nor any part that it depends on has failed. */
function isDone({ failures }: MemoryHost, name: string): boolean {
  return canChangePart(partOf(name), new Set(failures.map((failure) => failure.part)));
}

/** Removes the digests of secrets, because a record must not contain them. */
function withoutSecrets(items: HostRecord["items"]): HostRecord["items"] {
  const entries = Object.entries(items).map(([name, item]) => {
    const isSecret = item.kind === "file" && item.secret !== undefined;
    return [name, isSecret ? { ...item, want: { ...item.want, content: AS_DECLARED } } : item];
  });
  return Object.fromEntries(entries);
}

function remove(host: MemoryHost, request: RemoveRequest): RemoveAnswer {
  host.records.delete(request.id);
  const aside = Object.values(request.items).flatMap((item) => {
    const was = host.things.delete(addressOfItem(item));
    const keeps = item.kind === "directory" && item.onRemove === "aside";
    return was && keeps ? [`/var/lib/muster-aside${item.path}`] : [];
  });
  return { aside };
}

/**
 * Returns an item's properties without its secret. For a secret, a host returns only whether it is equal to the
 * requested secret.
 */
function hidingSecret(item: HostItem, props: Props): Props {
  if (item.kind !== "file" || item.secret === undefined || props["content"] === item.want.content)
    return props;
  if (props["content"] === undefined) return props;
  const asApplied = item.want.content === AS_DECLARED;
  return { ...props, content: asApplied ? AS_DECLARED : DIFFERENT };
}
