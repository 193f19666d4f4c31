import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { InvalidError } from "../base/errors.ts";
import type { HostKindName } from "../config/host-spec.ts";
import type { LaunchOfKind } from "../host-kinds/host-kind.ts";
import { HOST_KIND_NAMES, hostKindOf } from "../host-kinds/registry.ts";
import { readHosts } from "../inventory/read-inventory.ts";
import type { PulumiProject } from "./project.ts";

/** The steps of the launcher for a project's hosts, in addition to the start of the engine. */
export interface ProjectLaunch {
  /** Environment variables for the engine. A variable that is already set keeps its value. */
  readonly env: Readonly<Record<string, string>>;
  /** Additional variables for `up`. A variable that is already set keeps its value. */
  readonly createEnv: Readonly<Record<string, string>>;
  /** Returns additional variables for a refresh of this number of vendors' resources before an `up`. */
  readonly readEnv: LaunchOfKind["readEnv"];
  /** The prefixes of the type tokens of the vendors' resources. */
  readonly tokens: readonly string[];
  /** The absolute paths of the private keys that must be in the ssh-agent. */
  readonly privateKeys: readonly string[];
  /** The checks that run before an operation. */
  readonly checks: readonly LaunchOfKind["check"][];
  /** The functions that return the resources at the vendors that `destroy` does not delete. */
  readonly leftBehind: readonly LaunchOfKind["leftBehind"][];
}

/**
 * The environment variable for Muster's own program if there are no vendors' resources. Without this variable, the
 * engine would try to download a plugin for every installed npm package that has a plugin, although no plugin is
 * needed. The variable is not set for the user's own program, because that program can need any plugin.
 */
const NO_PLUGINS = { PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true" };

/**
 * Finds the launcher's steps for the hosts that fleet.yaml declares or the inventory still contains. An invalid
 * fleet.yaml counts as a fleet.yaml without hosts, because the Pulumi program later reports its problems.
 */
export async function readProjectLaunch(project: PulumiProject | undefined): Promise<ProjectLaunch> {
  const used = project === undefined ? [] : await launchesOf(project.dir);
  return {
    env:
      used.length === 0
        ? withoutPlugins(project)
        : Object.assign({}, ...used.map(({ launch }) => launch.env)),
    createEnv: Object.assign({}, ...used.map(({ launch }) => launch.createEnv)),
    readEnv: (resources) => Object.assign({}, ...used.map(({ launch }) => launch.readEnv(resources))),
    tokens: used.map(({ launch }) => launch.tokens),
    privateKeys: used.flatMap(({ privateKeys }) => privateKeys),
    checks: used.map(({ launch }) => launch.check),
    leftBehind: used.map(({ launch }) => launch.leftBehind),
  };
}

function withoutPlugins(project: PulumiProject | undefined): Readonly<Record<string, string>> {
  return project?.isMusterProgram === false ? {} : NO_PLUGINS;
}

async function launchesOf(dir: string) {
  const declared = await declaredHosts(dir);
  return HOST_KIND_NAMES.flatMap((name) => {
    const { launch } = hostKindOf({ kind: name });
    const hosts = declared.filter(({ kind }) => kind === name);
    if (launch === undefined || (hosts.length === 0 && !isInInventory(dir, name))) return [];
    return [{ launch, privateKeys: launch.privateKeys(hosts) }];
  });
}

/**
 * Returns the hosts in fleet.yaml if one of them might need a step of the launcher. Otherwise, returns no hosts and
 * does not load the parser.
 */
async function declaredHosts(dir: string) {
  const file = join(dir, "fleet.yaml");
  if (!existsSync(file) || !mayMatter(readFileSync(file, "utf8"))) return [];
  const { loadHosts } = await import("../config/load-hosts.ts");
  return Object.values(loadHosts(file) ?? {});
}

/**
 * Whether fleet.yaml might declare a host that needs a step of the launcher. True if the text contains the name of such
 * a host kind. Also true if it contains a backslash, because an escape sequence can hide the name.
 */
function mayMatter(text: string): boolean {
  const names = HOST_KIND_NAMES.filter((kind) => hostKindOf({ kind }).launch !== undefined);
  return text.includes("\\") || names.some((name) => text.includes(name));
}

/**
 * Whether the inventory has a machine of a kind. Also true if the inventory file is invalid, because the provider later
 * reports its problems.
 */
function isInInventory(dir: string, kind: HostKindName): boolean {
  try {
    return [...readHosts(dir, kind).values()].some(({ machine }) => machine !== undefined);
  } catch (error) {
    if (error instanceof InvalidError) return true;
    throw error;
  }
}
