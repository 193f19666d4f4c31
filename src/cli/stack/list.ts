import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { Fleet } from "../../config/fleet.ts";
import { passphraseFile } from "../../engine/passphrase.ts";
import { sliceText } from "../../model/stack-slice.ts";
import { table } from "../render/table.ts";
import { safeJson } from "../render/text.ts";
import { projectOf, readSettings, stackNames } from "./settings.ts";

/** One stack, as far as this machine knows it. */
export interface StackRow {
  readonly stack: string;
  readonly slice: string;
  /** The hosts that it touches, by name. */
  readonly hosts: readonly string[];
  /** Whether its passphrase is on this machine. */
  readonly passphrase: boolean;
  /** Whether its private key is; only a tenant's stack has one. */
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

export function renderStacks(rows: readonly StackRow[]): string {
  const yes = (here: boolean | undefined) => (here === undefined ? "-" : here ? "here" : "not here");
  const lines = rows.map((row) => [
    row.stack,
    row.slice,
    row.hosts.join(" "),
    yes(row.passphrase),
    yes(row.key),
  ]);
  return table([["STACK", "SLICE", "HOSTS", "PASSPHRASE", "KEY"], ...lines]);
}

/** The same as docs/schema/stacks.schema.json describes it. */
export function renderStacksJson(stacks: readonly StackRow[]): string {
  return safeJson({ version: 1, exit: 0, codes: [0], stacks });
}

function hostsOf(fleet: Fleet, tenant: string): string[] {
  const agents = Object.values(fleet.agents).filter((agent) => agent.tenant === tenant);
  return [...new Set(agents.map(({ host }) => host))].sort();
}
