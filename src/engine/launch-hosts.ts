import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { InvalidError } from "../base/errors.ts";
import type { HostKindName } from "../config/host-spec.ts";
import type { LaunchOfKind } from "../host-kinds/host-kind.ts";
import { HOST_KIND_NAMES, hostKindOf } from "../host-kinds/registry.ts";
import { readHosts } from "../inventory/read-inventory.ts";
import type { PulumiProject } from "./project.ts";

/** What the launcher must do for a project's hosts, in addition to starting the engine. */
export interface ProjectLaunch {
  /** Environment variables for the engine. A variable that is already set keeps its value. */
  readonly env: Readonly<Record<string, string>>;
  /** Absolute paths of the private keys that the ssh-agent must hold. */
  readonly privateKeys: readonly string[];
  /** Checks to run before an operation. */
  readonly checks: readonly LaunchOfKind["check"][];
}

/**
 * Without this variable, the engine would try to download a plugin for every installed npm package that has
 * one, although none is needed.
 */
const NO_PLUGINS = { PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true" };

/**
 * Finds what the launcher must do for the hosts that fleet.yaml declares or the inventory still contains. An
 * invalid fleet.yaml counts as one without hosts; the Pulumi program then reports what is wrong with it.
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

/**
 * Returns the hosts in fleet.yaml if the launcher may have to do something for one of them. Otherwise returns
 * no hosts and does not load the parser.
 */
async function declaredHosts(dir: string) {
  const file = join(dir, "fleet.yaml");
  if (!existsSync(file) || !mayMatter(readFileSync(file, "utf8"))) return [];
  const { loadHosts } = await import("../config/load-hosts.ts");
  return Object.values(loadHosts(file) ?? {});
}

/**
 * Whether fleet.yaml may declare a host for which the launcher must do something. True if the text contains
 * the name of a kind of such hosts, or a backslash, because an escape may hide the name.
 */
function mayMatter(text: string): boolean {
  const names = HOST_KIND_NAMES.filter((kind) => hostKindOf({ kind }).launch !== undefined);
  return text.includes("\\") || names.some((name) => text.includes(name));
}

/**
 * Whether the inventory has a machine of a kind. Also true if the inventory file is invalid; the provider
 * then reports what is wrong with it.
 */
function isInInventory(dir: string, kind: HostKindName): boolean {
  try {
    return [...readHosts(dir, kind).values()].some(({ machine }) => machine !== undefined);
  } catch (error) {
    if (error instanceof InvalidError) return true;
    throw error;
  }
}
