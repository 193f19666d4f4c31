import { createHash } from "node:crypto";
import { existsSync, writeFileSync } from "node:fs";
import { execa } from "execa";
import { MusterError } from "../../../../base/errors.ts";
import { allHosts } from "../host-file.ts";
import { contains, type Range, rangeOf } from "./ip-range.ts";
import { closeNat, openNat } from "./nat.ts";

/** The bridge that joins local hosts with this machine; it is there while a local host runs. */
export const BRIDGE = "muster0";

/** A fixed one: otherwise it would change with the hosts that come and go, and each would have to ask anew. */
const BRIDGE_MAC = "02:6d:75:73:74:72";

/** Makes the bridge, gives this machine its address in the host's network, and forgets who had the host's before. */
export async function joinNetwork(address: string): Promise<void> {
  if (!existsSync(`/sys/class/net/${BRIDGE}`)) {
    await ip("link", "add", BRIDGE, "address", BRIDGE_MAC, "type", "bridge");
  }
  await ip("address", "replace", `${gatewayOf(address)}/24`, "dev", BRIDGE);
  await ip("link", "set", BRIDGE, "up");
  // Milliseconds. A host that just booted is found by the next try, so tries must not be a second apart.
  writeFileSync(`/proc/sys/net/ipv4/neigh/${BRIDGE}/retrans_time_ms`, "100");
  await ip("neighbour", "flush", "to", address, "dev", BRIDGE);
  await openNat(BRIDGE);
}

/** Takes the bridge away, and with it the way outside. */
export async function leaveNetwork(): Promise<void> {
  if (!existsSync(`/sys/class/net/${BRIDGE}`)) return;
  await closeNat();
  await ip("link", "delete", BRIDGE);
}

/** This machine's own address in the network of a host. */
export function gatewayOf(address: string): string {
  return `${networkOf(address)}.1`;
}

/**
 * An address that no host of this cache has, in the network of the others; the first host chooses a private
 * network (RFC 1918) that no route of this machine touches.
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
  throw new MusterError({ what: "no address for another local host", why, next: "Remove hosts first." });
}

async function freeNetwork(local: string): Promise<string> {
  const routes = JSON.parse(await ip("-json", "-4", "route", "show", "table", "all")) as { dst: string }[];
  const used = routes.flatMap(({ dst }) => (dst === "default" ? [] : [rangeOf(dst)]));
  // Two caches whose hosts are all stopped have no routes: each begins its search elsewhere.
  const first = createHash("sha256").update(local).digest().readUInt8();
  const found = candidates(first).find((network) => isFree(rangeOf(`${network}.0/24`), used));
  if (found !== undefined) return found;
  throw new MusterError({
    what: "no network for local hosts",
    why: "this machine's routes use every network that would do.",
    next: "See `ip route show table all`.",
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
