import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { Fleet } from "../../config/fleet.ts";
import { passphraseFile } from "../../engine/passphrase.ts";
import { sliceText } from "../../model/stack-settings.ts";
import { projectOf, readSettings, stackNames } from "./settings.ts";

/** The data about a stack on this machine. */
export interface StackRow {
  readonly stack: string;
  readonly slice: string;
  /** The names of the hosts on which the stack manages resources. */
  readonly hosts: readonly string[];
  /** Whether the stack's passphrase is on this machine. */
  readonly passphrase: boolean;
  /** Whether the stack's private key is on this machine; absent if the stack has no key. */
  readonly key?: boolean;
}

export function listStacks(fleet: Fleet): StackRow[] {
  const project = projectOf(fleet.dir);
  return stackNames(project).map((stack) => {
    const { slice, key } = readSettings(project, stack);
    const tenant = slice.kind === "tenant" ? slice.tenant : undefined;
    return {
      stack,
      slice: sliceText(slice),
      hosts: tenant === undefined ? Object.keys(fleet.hosts) : hostsOf(fleet, tenant),
      passphrase: existsSync(passphraseFile(project, stack)),
      ...(key !== undefined && { key: existsSync(resolve(fleet.dir, key)) }),
    };
  });
}

function hostsOf(fleet: Fleet, tenant: string): string[] {
  const agents = Object.values(fleet.agents).filter((agent) => agent.tenant === tenant);
  return [...new Set(agents.map(({ host }) => host))].sort();
}
