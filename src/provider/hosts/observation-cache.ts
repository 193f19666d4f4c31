import type { Contents } from "../../model/items.ts";
import type { ObserveAnswer, ObserveRequest, ResourceItems } from "../../model/protocol.ts";
import type { Hosts, ObservationCache } from "../context.ts";
import { batched } from "./request-batch.ts";

/** Creates a cache in which all reads share the observation of each host. */
export function observationCache(hosts: Hosts): ObservationCache {
  const byHost = new Map<string, Map<string, HostObservation>>();
  const observationOf = (host: string, owner: string): HostObservation => {
    const ofHost = byHost.get(host) ?? new Map<string, HostObservation>();
    byHost.set(host, ofHost);
    const observation = ofHost.get(owner) ?? observeHost(hosts, host, owner);
    ofHost.set(owner, observation);
    return observation;
  };
  return {
    at: (host, owner) => observationOf(host, owner).all(),
    again: async (host, owner, resource, contents) => {
      const { resources } = await observationOf(host, owner).again({ resource, contents });
      return resources[resource.id];
    },
    forget: (host) => byHost.delete(host),
  };
}

interface HostObservation {
  all(): Promise<ObserveAnswer>;
  again(question: Question): Promise<ObserveAnswer>;
}

interface Question {
  readonly resource: ResourceItems;
  readonly contents: Contents;
}

function observeHost(hosts: Hosts, host: string, owner: string): HostObservation {
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
