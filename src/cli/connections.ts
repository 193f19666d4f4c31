import type { Fleet } from "../config/fleet.ts";
import { loginOf } from "../inventory/login.ts";
import { readInventory } from "../inventory/read-inventory.ts";
import { targetOf } from "../inventory/resolve-target.ts";
import type { StackSettings } from "../model/stack-slice.ts";
import type { HostController } from "../transport/connect.ts";
import { hostPool } from "../transport/pool.ts";
import { runtimeFiles } from "../transport/runtime-files.ts";
import type { Target } from "../transport/target.ts";
import type { OpenHost } from "./query-host.ts";
import { asReader, type Reader } from "./reader-login.ts";

/**
 * Gives `use` a way to the fleet's hosts: one connection a host, opened when it is first asked for, and
 * closed at the end.
 *
 * @param stack whose way in is used
 * @param reader who logs in instead, where one was named
 */
export async function withHosts<T>(
  fleet: Fleet,
  stack: StackSettings,
  use: (open: OpenHost) => Promise<T>,
  reader?: Reader,
): Promise<T> {
  const inventory = readInventory(fleet.dir);
  const resolve = (host: string) => {
    const target = targetOf(fleet.dir, fleet.hosts, inventory, host);
    return reader === undefined ? loginOf(fleet.dir, stack, target) : asReader(reader, target);
  };
  const pool = hostPool({ resolve });
  try {
    return await use(pool.reader);
  } finally {
    await pool.close();
  }
}

/**
 * Gives `use` a way to one host by which it can start and stop agents; installs nothing there.
 *
 * @param stack whose way in is used
 */
export async function withController<T>(
  fleet: Fleet,
  stack: StackSettings,
  host: string,
  use: (controller: HostController) => Promise<T>,
): Promise<T> {
  const resolve = (name: string) =>
    loginOf(fleet.dir, stack, targetOf(fleet.dir, fleet.hosts, readInventory(fleet.dir), name));
  const pool = hostPool({ resolve, runtime: runtimeFiles });
  try {
    return await use(await pool.controller(host));
  } finally {
    await pool.close();
  }
}

/**
 * How one host of the fleet is reached.
 *
 * @throws UnreachableError for a local host that does not run
 */
export function reachableTarget(fleet: Fleet, host: string): Target {
  return targetOf(fleet.dir, fleet.hosts, readInventory(fleet.dir), host);
}
