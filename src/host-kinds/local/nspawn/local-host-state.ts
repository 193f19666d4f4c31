import { existsSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { cacheDir } from "../../../base/paths.ts";
import { hostPlace } from "./local-host-paths.ts";
import { supervisorPid } from "./supervisor-process.ts";

export type LocalHostState = "running" | "stopped" | "absent";

/** Whether a project's local host is there and runs; needs no rights, and takes a few file reads. */
export function localState(projectDir: string, name: string): LocalHostState {
  return localHostState(hostPlace(localDir(), realpathSync(projectDir), name).dir);
}

/** `<cache>/local`. */
export function localDir(): string {
  return join(cacheDir(), "local");
}

/** A host that was half made or half removed when its run was killed is there too, and stopped. */
export function localHostState(hostDir: string): LocalHostState {
  if (!existsSync(hostDir)) return "absent";
  return supervisorPid(hostDir) === undefined ? "stopped" : "running";
}
