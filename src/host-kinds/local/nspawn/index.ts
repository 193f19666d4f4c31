import { existsSync, mkdirSync, readFileSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { callHelper, type ProgressLine } from "./call-helper.ts";
import type { BootedHost, HelperCommand, HelperRequest, HostAddress } from "./helper-protocol.ts";
import { allHosts, readHostFile } from "./host-file.ts";
import { hostPaths } from "./local-host-paths.ts";
import { type LocalHostState, localDir, localHostState } from "./local-host-state.ts";
import { hostNode } from "./node-for-hosts.ts";
import { isPrepared } from "./requirements.ts";
import { answersSsh } from "./ssh-banner.ts";

export { mayActAsRoot, type ProgressLine as Progress } from "./call-helper.ts";
export type { HostAddress } from "./helper-protocol.ts";
export type { LocalHostState as HostState } from "./local-host-state.ts";
export { planMissing } from "./requirements.ts";

/**
 * The local hosts of one project. Methods that change a host run the helper as root, with `sudo -n` if necessary.
 * Methods that only read do not need root privileges.
 */
export interface LocalHosts {
  /** Creates the Debian base that the hosts share. This takes about a minute the first time. */
  prepare(progress?: ProgressLine): Promise<void>;
  /** Creates a host or reuses an existing host, boots it, and waits until its sshd answers. */
  create(host: { name: string; publicKey: string }, progress?: ProgressLine): Promise<BootedHost>;
  /** Boots an existing host, and waits until its sshd answers. Also works after a reboot of this machine. */
  boot(name: string): Promise<HostAddress>;
  /** Shuts down a host if it is running. The disk of the host is kept. */
  stop(name: string): Promise<void>;
  /** Stops a host and deletes its disk, if the host exists. */
  remove(name: string): Promise<void>;
  state(name: string): LocalHostState;
  /** Returns the address of a running or stopped host. @returns undefined if the host does not exist */
  find(name: string): HostAddress | undefined;
  /** Returns the names of the existing hosts. */
  list(): string[];
  /**
   * Deletes all files of local hosts in the cache.
   *
   * @throws MusterError if any project still has a local host
   */
  clean(): Promise<void>;
}

/** Returns the local hosts of one project. @param projectDir the folder of fleet.yaml */
export function localHosts(projectDir: string): LocalHosts {
  const local = localDir();
  const project = realpathSync(projectDir);
  const dirOf = (name: string) => hostPaths(local, project, name).dir;
  const call = <C extends HelperCommand>(
    command: C,
    host: Partial<HelperRequest>,
    progress: ProgressLine,
  ) => {
    mkdirSync(local, { recursive: true });
    return callHelper(command, { local, project, node: hostNode(), ...host }, progress);
  };
  return {
    prepare: async (progress = ignore) => {
      if (!isPrepared(local, hostNode())) await call("prepare", {}, progress);
    },
    create: async ({ name, publicKey }, progress = ignore) =>
      (await addressIfKeyInstalled(dirOf(name), publicKey)) ?? call("create", { name, publicKey }, progress),
    boot: async (name) => (await addressIfRunning(dirOf(name))) ?? call("boot", { name }, ignore),
    stop: async (name) => {
      if (existsSync(dirOf(name))) await call("stop", { name }, ignore);
    },
    remove: async (name) => {
      if (existsSync(dirOf(name))) await call("remove", { name }, ignore);
    },
    state: (name) => localHostState(dirOf(name)),
    find: (name) => readHostFile(dirOf(name)),
    list: () =>
      [...allHosts(local).values()].filter((host) => host.project === project).map(({ name }) => name),
    clean: async () => {
      if (existsSync(local)) await call("clean", {}, ignore);
    },
  };
}

/** Returns the address of a host if the host is running and answers. The caller then does not need root privileges. */
async function addressIfRunning(dir: string): Promise<HostAddress | undefined> {
  const host = readHostFile(dir);
  if (host === undefined || localHostState(dir) !== "running") return undefined;
  const { address, hostKeys } = host;
  return (await answersSsh(address)) ? { address, hostKeys } : undefined;
}

async function addressIfKeyInstalled(dir: string, publicKey: string): Promise<HostAddress | undefined> {
  const file = join(dir, "config/authorized_keys");
  const isInstalled = existsSync(file) && readFileSync(file, "utf8").trim() === publicKey.trim();
  return isInstalled ? addressIfRunning(dir) : undefined;
}

function ignore(): void {}
