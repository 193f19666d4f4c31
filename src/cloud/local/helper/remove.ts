import { rmSync } from "node:fs";
import type { HostPlace } from "../layout.ts";
import { stop } from "./stop.ts";

/** Stops a host and deletes its disk; what is gone already, or was never finished, is a success. */
export async function remove(host: HostPlace): Promise<Record<string, never>> {
  await stop(host);
  rmSync(host.dir, { recursive: true, force: true });
  return {};
}
