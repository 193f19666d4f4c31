import { existsSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { cacheDir } from "../../base/paths.ts";
import { hostPlace } from "./layout.ts";
import { supervisorPid } from "./process.ts";

export type HostState = "running" | "stopped" | "absent";

/** Whether a project's local host is there and runs; needs no rights, and takes a few file reads. */
export function localState(projectDir: string, name: string): HostState {
  return stateOf(hostPlace(localDir(), realpathSync(projectDir), name).dir);
}

/** `<cache>/local`. */
export function localDir(): string {
  return join(cacheDir(), "local");
}

/** A host that was half made or half removed when its run was killed is there too, and stopped. */
export function stateOf(hostDir: string): HostState {
  if (!existsSync(hostDir)) return "absent";
  return supervisorPid(hostDir) === undefined ? "stopped" : "running";
}
