import { readFileSync } from "node:fs";
import { REPOSITORIES_FILE } from "../../model/host-paths.ts";
import type { HostRepositories } from "../../model/repository.ts";
import { hasCode } from "../system/error-reason.ts";

/** Reads which agents of this host have a repository. Any user can read this file. */
export function readRepositories(file = REPOSITORIES_FILE): HostRepositories {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as HostRepositories;
  } catch (error) {
    if (hasCode(error, "ENOENT")) return {};
    throw error;
  }
}
