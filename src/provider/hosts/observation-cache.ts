import type { Contents } from "../../model/items.ts";
import type { ObserveAnswer, ObserveRequest, ResourceItems } from "../../model/protocol.ts";
import type { Hosts, ObservationCache } from "../context.ts";
import { batched } from "./request-batch.ts";

/** Shares observations of each host among all reads. */
export function observationCache(hosts: Hosts): ObservationCache {
  const looks = new Map<string, Map<string, HostLook>>();
  const lookAt = (host: string, owner: string): HostLook => {
    const ofHost = looks.get(host) ?? new Map<string, HostLook>();
    looks.set(host, ofHost);
    const look = ofHost.get(owner) ?? hostLook(hosts, host, owner);
    ofHost.set(owner, look);
    return look;
  };
  return {
    at: (host, owner) => lookAt(host, owner).all(),
    again: async (host, owner, resource, contents) => {
      const { resources } = await lookAt(host, owner).again({ resource, contents });
      return resources[resource.id];
    },
    forget: (host) => looks.delete(host),
  };
}

interface HostLook {
  all(): Promise<ObserveAnswer>;
  again(question: Question): Promise<ObserveAnswer>;
}

interface Question {
  readonly resource: ResourceItems;
  readonly contents: Contents;
}

function hostLook(hosts: Hosts, host: string, owner: string): HostLook {
  let all: Promise<ObserveAnswer> | undefined;
  const ask = async (about: Omit<ObserveRequest, "op">) => {
    const reader = await hosts.reader(host);
    return reader.observe({ op: "observe", owner, ...about });
  };
  return {
    all: () => {
      all ??= ask({});
      return all;
    },
    again: batched((gathered) =>
      ask({
        resources: gathered.map(({ resource }) => resource),
        contents: Object.assign({}, ...gathered.map(({ contents }) => contents)) as Contents,
      }),
    ),
  };
}
