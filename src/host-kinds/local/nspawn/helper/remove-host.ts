import { rmSync } from "node:fs";
import type { HostPlace } from "../local-host-paths.ts";
import { stopHost } from "./stop-host.ts";

/** Stops a host and deletes its disk; what is gone already, or was never finished, is a success. */
export async function removeHost(host: HostPlace): Promise<Record<string, never>> {
  await stopHost(host);
  rmSync(host.dir, { recursive: true, force: true });
  return {};
}
