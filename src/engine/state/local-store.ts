import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { PulumiProject } from "../project.ts";
import { holderHere, type LockOwner, type StackLock } from "./stack-lock.ts";
import { hasComponent, type StateRead, type Store } from "./state-store.ts";
import { isFormerState } from "./upgrade-state.ts";

/**
 * Opens a state in the project's own folder. Reads and removes locks without the engine, because the locks are files.
 */
export function localStore(project: PulumiProject, stack: string, dir: string): Store {
  const locks = join(dir, ".pulumi", "locks", "organization", project.name, stack);
  const checkpoint = join(dir, ".pulumi", "stacks", project.name, `${stack}.json`);
  return {
    read: async () => ({ locks: readLocks(locks), ...readCheckpoint(checkpoint) }),
    unlock: async (removed) => {
      for (const { place } of removed) {
        for (const file of [place, `${place}.attrs`]) rmSync(file, { force: true });
      }
    },
  };
}

function readLocks(dir: string): StackLock[] {
  if (!existsSync(dir)) return [];
  const files = readdirSync(dir).filter((name) => name.endsWith(".json"));
  return files.flatMap((name) => readLock(join(dir, name)) ?? []);
}

function readLock(place: string): StackLock | undefined {
  try {
    const owner = JSON.parse(readFileSync(place, "utf8")) as LockOwner;
    return { ...owner, place, holder: holderHere(owner) };
  } catch {
    return undefined;
  }
}

/**
 * Reads the checkpoint. Searches its text instead of parsing it, because a state is large and usually needs no change.
 */
function readCheckpoint(checkpoint: string): Omit<StateRead, "locks"> {
  const text = existsSync(checkpoint) ? readFileSync(checkpoint, "utf8") : "";
  return {
    isInterrupted: text.includes('"pending_operations"'),
    isFormer: isFormerState(text),
    hasComponent: hasComponent(text),
  };
}
