import { rmSync } from "node:fs";
import { MusterError } from "../../../../base/errors.ts";
import { allHosts } from "../host-file.ts";
import type { HostPaths } from "../local-host-paths.ts";
import { stopHost } from "./stop-host.ts";

/** Stops a host and deletes its files. Also works if the host is incomplete or does not exist. */
export async function removeHost(host: HostPaths): Promise<Record<string, never>> {
  await stopHost(host);
  rmSync(host.dir, { recursive: true, force: true });
  return {};
}

/**
 * Deletes `<cache>/local` with the bases and all other files.
 *
 * @throws MusterError with a list of the hosts if any project still has a local host
 */
export async function cleanHost(local: string): Promise<Record<string, never>> {
  const hosts = [...allHosts(local).values()];
  if (hosts.length > 0) {
    const named = hosts.map((host) => `${host.name} of ${host.project}`).join(", ");
    throw new MusterError({
      what: "the cache of local hosts is in use",
      why: `these local hosts still exist: ${named}.`,
      next: "Run `npx pulumi destroy` in those projects first.",
    });
  }
  rmSync(local, { recursive: true, force: true });
  return {};
}
