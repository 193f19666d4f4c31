import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { InvalidError } from "../base/errors.ts";
import type { HostKindName } from "../config/host-spec.ts";
import type { LaunchOfKind } from "../host-kinds/host-kind.ts";
import { HOST_KIND_NAMES, hostKindOf } from "../host-kinds/registry.ts";
import { readHosts } from "../inventory/read-inventory.ts";
import type { PulumiProject } from "./project.ts";

/** What the launcher does for the hosts of a project, besides starting the engine. */
export interface ProjectLaunch {
  /** Variables for the engine, set where they are unset. */
  readonly env: Readonly<Record<string, string>>;
  /** The private keys that an ssh-agent has to hold, absolute. */
  readonly privateKeys: readonly string[];
  /** The checks before an operation. */
  readonly checks: readonly LaunchOfKind["check"][];
}

/** No plugin is needed, and the engine must not fetch one, or try to, because a package of its name is installed. */
const NO_PLUGINS = { PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true" };

/**
 * Finds what the hosts of a project need: those that fleet.yaml declares, and those that the inventory still knows. A
 * fleet.yaml that is invalid declares none here; the program reports what is wrong in it.
 */
export async function readProjectLaunch(project: PulumiProject | undefined): Promise<ProjectLaunch> {
  const used = project === undefined ? [] : await launchesOf(project.dir);
  if (used.length === 0) return { env: NO_PLUGINS, privateKeys: [], checks: [] };
  return {
    env: Object.assign({}, ...used.map(({ env }) => env)),
    privateKeys: used.flatMap(({ privateKeys }) => privateKeys),
    checks: used.map(({ check }) => check),
  };
}

async function launchesOf(dir: string) {
  const declared = await declaredHosts(dir);
  return HOST_KIND_NAMES.flatMap((name) => {
    const { launch } = hostKindOf({ kind: name });
    const hosts = declared.filter(({ kind }) => kind === name);
    if (launch === undefined || (hosts.length === 0 && !isInInventory(dir, name))) return [];
    const { env, check } = launch;
    return [{ env, check, privateKeys: launch.privateKeys(hosts) }];
  });
}

/** Reads fleet.yaml where it can have a host that matters here; the parser is loaded only then. */
async function declaredHosts(dir: string) {
  const file = join(dir, "fleet.yaml");
  if (!existsSync(file) || !mayMatter(readFileSync(file, "utf8"))) return [];
  const { loadHosts } = await import("../config/load-hosts.ts");
  return Object.values(loadHosts(file) ?? {});
}

/** A text declares no host of a kind whose name is not in it, unless an escape hides the name. */
function mayMatter(text: string): boolean {
  const names = HOST_KIND_NAMES.filter((kind) => hostKindOf({ kind }).launch !== undefined);
  return text.includes("\\") || names.some((name) => text.includes(name));
}

/** A file that cannot be parsed counts as well: the provider reports what is wrong in it. */
function isInInventory(dir: string, kind: HostKindName): boolean {
  try {
    return [...readHosts(dir, kind).values()].some(({ machine }) => machine !== undefined);
  } catch (error) {
    if (error instanceof InvalidError) return true;
    throw error;
  }
}
