import { rmSync } from "node:fs";
import { MusterError } from "../../../../base/errors.ts";
import { allHosts } from "../host-file.ts";
import type { HostPlace } from "../local-host-paths.ts";
import { stopHost } from "./stop-host.ts";

/** Stops a host and deletes its disk; what is gone already, or was never finished, is a success. */
export async function removeHost(host: HostPlace): Promise<Record<string, never>> {
  await stopHost(host);
  rmSync(host.dir, { recursive: true, force: true });
  return {};
}

/**
 * Deletes the bases and everything else under `<cache>/local`.
 *
 * @throws MusterError that names the hosts, of whichever project, that still stand on them
 */
export async function cleanHost(local: string): Promise<Record<string, never>> {
  const hosts = [...allHosts(local).values()];
  if (hosts.length > 0) {
    const named = hosts.map((host) => `${host.name} of ${host.project}`).join(", ");
    throw new MusterError({
      what: "the cache of local hosts is in use",
      why: `these hosts stand on it: ${named}.`,
      next: "Run `npx pulumi destroy` in those projects first.",
    });
  }
  rmSync(local, { recursive: true, force: true });
  return {};
}
