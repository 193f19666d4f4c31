import { existsSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { cacheDir } from "../../../base/muster-folders.ts";
import { hostPaths } from "./local-host-paths.ts";
import { supervisorPid } from "./supervisor-process.ts";

export type LocalHostState = "running" | "stopped" | "absent";

/** Returns the state of a project's local host. Needs no root privileges, and reads only a few files. */
export function localState(projectDir: string, name: string): LocalHostState {
  return localHostState(hostPaths(localDir(), realpathSync(projectDir), name).dir);
}

/** Returns the absolute path of `<cache>/local`. */
export function localDir(): string {
  return join(cacheDir(), "local");
}

/** Returns the state of a host. An incomplete host that a killed run left counts as stopped. */
export function localHostState(hostDir: string): LocalHostState {
  if (!existsSync(hostDir)) return "absent";
  return supervisorPid(hostDir) === undefined ? "stopped" : "running";
}
