import type { HostRecord } from "../../../src/model/host-record.ts";
import type { Observation } from "../../../src/model/items.ts";
import type { Machine } from "../../../src/model/machine-health.ts";
import {
  type ObserveAnswer,
  type Observed,
  type ObserveRequest,
  PROTOCOL,
} from "../../../src/model/protocol.ts";
import type { HostReader } from "../../../src/transport/connect.ts";

/** The items of a host that are not as declared, by `<resource>/<item>`. */
export type Changes = Readonly<Record<string, Observation>>;

/** A healthy, idle machine. */
export const MACHINE: Machine = {
  uptime: 3600,
  cores: 2,
  load: 0.1,
  memory: { size: 4e9, used: 20 },
  disks: [{ path: "/", size: 40e9, used: 30 }],
  failed: [],
  deadman: "watching",
};

/** Returns a reader of a host on which `up` has run and these changes were made afterwards. */
export function readerOf(name: string, changes: Changes = {}, orphans: readonly string[] = []) {
  const requests: ObserveRequest[] = [];
  const reader: HostReader = {
    target: { name, kind: "ssh", address: name, hostKeys: [], connectTimeout: 1 },
    hello: { protocol: PROTOCOL, bundle: "b", node: "n", arch: "x64" },
    observe: async (request) => {
      requests.push(request);
      return answerTo(request, changes, orphans);
    },
    ps: async () => ({ units: [] }),
    history: async () => ({ events: [] }),
    ledgers: async () => ({ ledgers: {} }),
    uptimes: async () => ({ uptimes: [] }),
    jobs: async () => ({ jobs: [] }),
    usage: async () => ({ usage: [], parked: [] }),
    machine: async () => MACHINE,
    close: async () => {},
  };
  return { reader, requests };
}

/** Returns the reply of a host on which `up` has run and these changes were made afterwards. */
export function answerTo(
  request: ObserveRequest,
  changes: Changes,
  orphans: readonly string[] = [],
): ObserveAnswer {
  const owner = "arc/example";
  const observedOf = ({ id, items }: Pick<HostRecord, "id" | "items">): Observed => {
    const applied = Object.fromEntries(Object.entries(items).map(([name, item]) => [name, item.want]));
    const observed = Object.entries(items).map(([name, item]) => [
      name,
      changes[`${id}/${name}`] ?? { props: item.want },
    ]);
    return {
      items,
      observed: Object.fromEntries(observed),
      record: { id, type: "", owner, items, applied: applied as Exclude<HostRecord["applied"], undefined> },
    };
  };
  const resources = (request.resources ?? []).map((one) => [one.id, observedOf(one)]);
  return {
    resources: Object.fromEntries(resources),
    recorded: [...(request.resources ?? []).map(({ id }) => id), ...orphans].map((id) => ({ id, owner })),
  };
}
