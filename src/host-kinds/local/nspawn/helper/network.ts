import { createHash } from "node:crypto";
import { existsSync, writeFileSync } from "node:fs";
import { execa } from "execa";
import { MusterError } from "../../../../base/errors.ts";
import { allHosts } from "../host-file.ts";
import { contains, type Range, rangeOf } from "./ip-range.ts";
import { closeNat, openNat } from "./nat.ts";

/**
 * The bridge that connects local hosts with this machine. It exists while at least one local host is running.
 */
export const BRIDGE = "muster0";

/**
 * The MAC address of the bridge. A MAC address that is not fixed would change when hosts start or stop, and the hosts
 * would have to resolve it again.
 */
const BRIDGE_MAC = "02:6d:75:73:74:72";

/**
 * Creates the bridge if it does not exist. Gives this machine an address in the network of the host, and
 * removes the old neighbour entry for the address of the host.
 */
export async function joinNetwork(address: string): Promise<void> {
  if (!existsSync(`/sys/class/net/${BRIDGE}`)) {
    await ip("link", "add", BRIDGE, "address", BRIDGE_MAC, "type", "bridge");
  }
  await ip("address", "replace", `${gatewayOf(address)}/24`, "dev", BRIDGE);
  await ip("link", "set", BRIDGE, "up");
  // ARP requests are sent every 100 ms instead of every second, so that a host is reachable as soon as it has
  // booted.
  writeFileSync(`/proc/sys/net/ipv4/neigh/${BRIDGE}/retrans_time_ms`, "100");
  await ip("neighbour", "flush", "to", address, "dev", BRIDGE);
  await openNat(BRIDGE);
}

/** Removes the bridge and its firewall rules, if the bridge exists. */
export async function leaveNetwork(): Promise<void> {
  if (!existsSync(`/sys/class/net/${BRIDGE}`)) return;
  await closeNat();
  await ip("link", "delete", BRIDGE);
}

/** Returns the address that this machine has in the network of a host. */
export function gatewayOf(address: string): string {
  return `${networkOf(address)}.1`;
}

/**
 * Returns an address that no host in this cache uses. All hosts in a cache share one network, which is chosen when the
 * first host is created. The network is private (RFC 1918) and does not overlap any route of this machine.
 */
export async function freeAddress(local: string): Promise<string> {
  const taken = new Set([...allHosts(local).values()].map((host) => host.address));
  const [neighbour] = taken;
  const network = neighbour === undefined ? await freeNetwork(local) : networkOf(neighbour);
  for (let last = 2; last < 255; last++) {
    const address = `${network}.${last}`;
    if (!taken.has(address)) return address;
  }
  const why = `all addresses of ${network}.0/24 are taken.`;
  throw new MusterError({
    what: "there is no address for another local host",
    why,
    next: "Remove a local host first.",
  });
}

async function freeNetwork(local: string): Promise<string> {
  const routes = JSON.parse(await ip("-json", "-4", "route", "show", "table", "all")) as { dst: string }[];
  const used = routes.flatMap(({ dst }) => (dst === "default" ? [] : [rangeOf(dst)]));
  // The hosts of another cache have no routes while they are stopped, so two caches can choose the same
  // network. To make this unlikely, each cache begins its search with a different network.
  const first = createHash("sha256").update(local).digest().readUInt8();
  const found = candidates(first).find((network) => isFree(rangeOf(`${network}.0/24`), used));
  if (found !== undefined) return found;
  throw new MusterError({
    what: "there is no free network for local hosts",
    why: "this machine has routes to all networks that Muster can use.",
    next: "Check the output of `ip route show table all`.",
  });
}

function candidates(first: number): string[] {
  const numbers = Array.from({ length: 256 }, (_, n) => (first + n) % 256);
  return ["10.213", "172.29", "192.168"].flatMap((start) => numbers.map((n) => `${start}.${n}`));
}

function isFree(range: Range, used: readonly Range[]): boolean {
  return !used.some((other) => contains(other, range) || contains(range, other));
}

function networkOf(address: string): string {
  return address.split(".").slice(0, 3).join(".");
}

async function ip(...args: string[]): Promise<string> {
  return (await execa("ip", args)).stdout;
}
