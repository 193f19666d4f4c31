import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { writeFileAtomic } from "../../base/files.ts";
import type { ReservedIp } from "./digitalocean/account.ts";

/**
 * A reserved IP that a run was about to create. A reserved IP has neither a name nor tags, and costs money until it is
 * deleted. If the response to the request that creates the address is lost, only this record shows that the address
 * belongs to the stack.
 */
export interface AwaitedAddress {
  readonly region: string;
  /** The reserved IPs that the account had before the run. */
  readonly before: readonly string[];
}

/** The records of awaited addresses, by host. */
export type Awaited = Readonly<Record<string, AwaitedAddress>>;

/** Reads and writes a project's records of awaited addresses on this machine. */
export interface AwaitedAddresses {
  /** @param owner `<project>/<stack>` */
  read(owner: string): Awaited;
  write(owner: string, awaited: Awaited): void;
}

export function awaitedAddresses(project: string): AwaitedAddresses {
  const fileOf = (owner: string) =>
    join(project, ".muster", "awaited-addresses", `${owner.split("/").at(-1)}.json`);
  const read = (owner: string): Awaited => {
    const file = fileOf(owner);
    return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Awaited) : {};
  };
  return {
    read,
    write: (owner, awaited) => {
      if (JSON.stringify(read(owner)) === JSON.stringify(awaited)) return;
      mkdirSync(dirname(fileOf(owner)), { recursive: true, mode: 0o700 });
      writeFileAtomic(fileOf(owner), JSON.stringify(awaited), 0o600);
    },
  };
}

/**
 * Returns the addresses that have appeared in the account since the record was written. Omits addresses that are
 * assigned to a droplet or recorded in the state.
 *
 * @param recorded the addresses in the state
 */
export function appearedSince(
  { region, before }: AwaitedAddress,
  addresses: readonly ReservedIp[],
  recorded: readonly string[],
): string[] {
  return addresses
    .filter((one) => one.droplet === null && (one.region?.slug ?? region) === region)
    .map(({ ip }) => ip)
    .filter((ip) => !before.includes(ip) && !recorded.includes(ip))
    .sort();
}

/**
 * Decides which host gets which address. If there are more addresses than hosts, somebody else has created some of the
 * addresses, so no host gets an address.
 *
 * @param appeared the possible addresses of each host
 * @returns the address of each host that gets one
 */
export function addressesFor(appeared: Readonly<Record<string, readonly string[]>>): Record<string, string> {
  const waiting = Object.entries(appeared).filter(([, ips]) => ips.length > 0);
  const all = new Set(waiting.flatMap(([, ips]) => ips));
  if (all.size > waiting.length) return {};
  const chosen: Record<string, string> = {};
  for (const [host, ips] of waiting) {
    const free = ips.find((ip) => !Object.values(chosen).includes(ip));
    if (free !== undefined) chosen[host] = free;
  }
  return chosen;
}
