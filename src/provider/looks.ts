import type { ObserveAnswer } from "../model/protocol.ts";
import type { Hosts, Looks } from "./services.ts";

/** Shares one observation of each host among all reads. */
export function sharedLooks(hosts: Hosts): Looks {
  const looks = new Map<string, Map<string, Promise<ObserveAnswer>>>();
  return {
    at: (host, owner) => {
      const ofHost = looks.get(host) ?? new Map<string, Promise<ObserveAnswer>>();
      looks.set(host, ofHost);
      const look = ofHost.get(owner) ?? ask(hosts, host, owner);
      ofHost.set(owner, look);
      return look;
    },
    forget: (host) => looks.delete(host),
  };
}

async function ask(hosts: Hosts, host: string, owner: string): Promise<ObserveAnswer> {
  const reader = await hosts.reader(host);
  return reader.observe({ op: "observe", owner });
}
