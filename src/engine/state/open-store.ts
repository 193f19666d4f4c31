import { stateDir } from "../project.ts";
import type { EngineStack } from "../run-engine.ts";
import { localStore } from "./local-store.ts";
import { sharedStore } from "./shared-store.ts";
import type { Store } from "./state-store.ts";

/** The kinds of state whose locks are files or rows, which remain when their holder is killed. */
const OWN_LOCKS = /^(file|s3|gs|azblob|postgres):/;

/** Opens a stack's state; undefined if a service such as Pulumi Cloud manages its locks. */
export function storeOf(of: EngineStack): Store | undefined {
  const dir = stateDir(of.project);
  if (dir !== undefined) return localStore(of.project, of.stack, dir);
  return OWN_LOCKS.test(of.project.backend) ? sharedStore(of) : undefined;
}
