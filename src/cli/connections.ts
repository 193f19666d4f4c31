import { UnreachableError } from "../base/errors.ts";
import { readInventory } from "../inventory/read.ts";
import { resolveTarget } from "../inventory/resolve.ts";
import type { Fleet } from "../spec/fleet.ts";
import { hostPool } from "../transport/pool.ts";
import type { Target } from "../transport/target.ts";
import type { OpenHost } from "./ask.ts";

/**
 * Gives `use` a way to the fleet's hosts: one connection a host, opened when it is first asked for, and
 * closed at the end.
 */
export async function withHosts<T>(fleet: Fleet, use: (open: OpenHost) => Promise<T>): Promise<T> {
  const inventory = readInventory(fleet.dir);
  const pool = hostPool({ resolve: (host) => resolveTarget(fleet, inventory, host) });
  const open: OpenHost = async (host) => {
    await refuseStopped(fleet, host);
    return pool.reader(host);
  };
  try {
    return await use(open);
  } finally {
    await pool.close();
  }
}

/**
 * How one host of the fleet is reached.
 *
 * @throws UnreachableError for a local host that does not run
 */
export async function reachableTarget(fleet: Fleet, host: string): Promise<Target> {
  const target = resolveTarget(fleet, readInventory(fleet.dir), host);
  await refuseStopped(fleet, host);
  return target;
}

/** A local host that does not run answers no connection either, but only after its timeout. */
async function refuseStopped(fleet: Fleet, name: string): Promise<void> {
  if (fleet.hosts[name]?.kind !== "local") return;
  const { localHosts } = await import("../cloud/local/index.ts");
  if (localHosts(fleet.dir).state(name) !== "stopped") return;
  throw new UnreachableError({
    where: name,
    what: "it cannot be reached",
    why: "this local host is stopped.",
    next: "Run `npx pulumi up`, which boots it.",
  });
}
