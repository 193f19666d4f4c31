import { existsSync, mkdirSync, readFileSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { callHelper, type ProgressLine } from "./call-helper.ts";
import type { HelperCommand, HelperRequest, HostAddress } from "./helper-protocol.ts";
import { allHosts, readHostFile } from "./host-file.ts";
import { hostPlace } from "./local-host-paths.ts";
import { type LocalHostState, localDir, localHostState } from "./local-host-state.ts";
import { hostNode } from "./node-program.ts";
import { isPrepared } from "./requirements.ts";
import { saysSsh } from "./ssh-banner.ts";

export { mayActAsRoot, type ProgressLine as Progress } from "./call-helper.ts";
export type { HostAddress } from "./helper-protocol.ts";
export type { LocalHostState as HostState } from "./local-host-state.ts";
export { planMissing } from "./requirements.ts";

/** The local hosts of one project. Looking needs no rights; the rest acts as root, by `sudo -n` if need be. */
export interface LocalHosts {
  /** Makes the Debian that the hosts share; about a minute the first time. */
  prepare(progress?: ProgressLine): Promise<void>;
  /** Makes the host, or adopts the one that is there, and boots it; done when its sshd answers. */
  create(host: { name: string; publicKey: string }, progress?: ProgressLine): Promise<HostAddress>;
  /** Boots a host that is there, also after a reboot of this machine; done when its sshd answers. */
  boot(name: string): Promise<HostAddress>;
  /** Shuts the host down; its disk stays. One that does not run, or is absent, is a success. */
  stop(name: string): Promise<void>;
  /** Stops the host and deletes its disk; one that is gone already is a success. */
  remove(name: string): Promise<void>;
  state(name: string): LocalHostState;
  /** How a host is reached, whether it runs or not; undefined where it is absent. */
  find(name: string): HostAddress | undefined;
  /** Names of the hosts that are there. */
  list(): string[];
  /** Deletes the shared Debian and all else of local hosts in the cache; refused while any project has a host. */
  clean(): Promise<void>;
}

/** @param projectDir the folder of fleet.yaml: hosts of other projects are not seen */
export function localHosts(projectDir: string): LocalHosts {
  const local = localDir();
  const project = realpathSync(projectDir);
  const dirOf = (name: string) => hostPlace(local, project, name).dir;
  const ask = <C extends HelperCommand>(command: C, host: Partial<HelperRequest>, progress: ProgressLine) => {
    mkdirSync(local, { recursive: true });
    return callHelper(command, { local, project, node: hostNode(), ...host }, progress);
  };
  return {
    prepare: async (progress = ignore) => {
      if (!isPrepared(local, hostNode())) await ask("prepare", {}, progress);
    },
    create: async ({ name, publicKey }, progress = ignore) =>
      (await upWithKey(dirOf(name), publicKey)) ?? ask("create", { name, publicKey }, progress),
    boot: async (name) => (await upAlready(dirOf(name))) ?? ask("boot", { name }, ignore),
    stop: async (name) => {
      if (existsSync(dirOf(name))) await ask("stop", { name }, ignore);
    },
    remove: async (name) => {
      if (existsSync(dirOf(name))) await ask("remove", { name }, ignore);
    },
    state: (name) => localHostState(dirOf(name)),
    find: (name) => readHostFile(dirOf(name)),
    list: () =>
      [...allHosts(local).values()].filter((host) => host.project === project).map(({ name }) => name),
    clean: async () => {
      if (existsSync(local)) await ask("clean", {}, ignore);
    },
  };
}

/** @returns the host if it runs and answers: then no root is needed */
async function upAlready(dir: string): Promise<HostAddress | undefined> {
  const host = readHostFile(dir);
  if (host === undefined || localHostState(dir) !== "running") return undefined;
  const { address, hostKeys } = host;
  return (await saysSsh(address)) ? { address, hostKeys } : undefined;
}

async function upWithKey(dir: string, publicKey: string): Promise<HostAddress | undefined> {
  const lets = join(dir, "config/authorized_keys");
  const known = existsSync(lets) && readFileSync(lets, "utf8").trim() === publicKey.trim();
  return known ? upAlready(dir) : undefined;
}

function ignore(): void {}
