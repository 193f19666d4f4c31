import type { Fleet } from "../config/fleet.ts";
import { loginOf } from "../inventory/login.ts";
import { readInventory } from "../inventory/read-inventory.ts";
import { targetOf } from "../inventory/resolve-target.ts";
import type { StackSettings } from "../model/stack-settings.ts";
import type { HostController } from "../transport/connect.ts";
import { hostPool } from "../transport/pool.ts";
import { runtimeFiles } from "../transport/runtime-files.ts";
import { secondsToStayOpen } from "../transport/shared-connection.ts";
import type { Target } from "../transport/target.ts";
import type { OpenHost } from "./query-host.ts";
import { asReader, type Reader } from "./reader-login.ts";

/**
 * Calls `use` with two functions. One connects to a host of the fleet. The other forgets the connection to a host, so
 * that the next call connects again. Each host has one connection, which is opened when it is first needed and closed
 * at the end.
 *
 * @param stack the stack whose login is used
 * @param reader the reader whose login is used; if absent, the stack's login is used
 */
export async function withHosts<T>(
  fleet: Fleet,
  stack: StackSettings,
  use: (open: OpenHost, reset: (host: string) => void) => Promise<T>,
  reader?: Reader,
): Promise<T> {
  // Reports an invalid setting once, and not for each host.
  secondsToStayOpen();
  const inventory = readInventory(fleet.dir);
  const resolve = (host: string) => {
    const target = targetOf(fleet.dir, fleet.hosts, inventory, host);
    return reader === undefined ? loginOf(fleet.dir, stack, target) : asReader(reader, target);
  };
  const pool = hostPool({ resolve });
  try {
    return await use(pool.reader, pool.reset);
  } finally {
    await pool.close();
  }
}

/**
 * Calls `use` with a function that connects to a host and returns a controller. The controller starts and stops agents
 * on this host. Installs nothing on hosts.
 *
 * @param stack the stack whose login is used
 */
export async function withController<T>(
  fleet: Fleet,
  stack: StackSettings,
  use: (open: (host: string) => Promise<HostController>) => Promise<T>,
): Promise<T> {
  secondsToStayOpen();
  const inventory = readInventory(fleet.dir);
  const resolve = (name: string) =>
    loginOf(fleet.dir, stack, targetOf(fleet.dir, fleet.hosts, inventory, name));
  const pool = hostPool({ resolve, runtime: runtimeFiles });
  try {
    return await use(pool.controller);
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
