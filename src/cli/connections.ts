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
 * Calls `use` with a function that connects to the fleet's hosts. Each host has one connection, which is
 * opened when it is first needed and closed at the end.
 *
 * @param stack the stack whose login is used
 * @param reader the reader whose login is used instead of the stack's, if there is one
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
 * Connects to one host and calls `use` with a controller that starts and stops agents there. Installs nothing
 * on the host.
 *
 * @param stack the stack whose login is used
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
 * Returns the address and login of a host.
 *
 * @throws UnreachableError for a local host that is not running
 */
export function reachableTarget(fleet: Fleet, host: string): Target {
  return targetOf(fleet.dir, fleet.hosts, readInventory(fleet.dir), host);
}
