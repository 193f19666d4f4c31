/** Muster's paths on a host. Root owns all of them, and no agent can change any part of them. */

/**
 * The installed runtime: `node-<version>/node`, `bundle-<hash>/host.mjs`, and `run`, a script that starts the
 * bundle with Node.
 */
export const RUNTIME_DIR = "/usr/local/lib/muster";

/** Muster's state on the host. */
export const STATE_DIR = "/var/lib/muster";

/** One JSON file for each resource: `<owner>/<id>.json`. In both names `/` is replaced by `~`. */
export const RECORDS_DIR = `${STATE_DIR}/records`;

/** One JSON file for each agent that is moving from or to this host. */
export const MOVES_DIR = `${STATE_DIR}/moves`;

/**
 * Declared contents, each in a file named after its SHA-256 (64 hex digits): identity files, so that they can
 * be restored, and declared rows.
 */
export const CONTENTS_DIR = `${STATE_DIR}/contents`;

/**
 * One folder for each agent or service. Root owns the folder, and only the user of the agent or service can
 * read the files in it.
 */
export const CREDENTIALS_DIR = `${STATE_DIR}/credentials`;

/** One folder for each gate: the home of its account, with its keys and its scope. */
export const GATES_DIR = `${STATE_DIR}/gates`;

/**
 * 32 random bytes (mode 0400): the key for the hashes of secrets in records. The key never leaves the host.
 */
export const KEY_FILE = `${STATE_DIR}/key`;

/** The lock file that is held (as by flock(1)) around useradd and daemon-reload. */
export const LOCK_FILE = "/run/muster.lock";

/**
 * Where an agent's own data is moved to when the agent is removed: into a folder `<name>-<UTC time>`, which
 * only root can read.
 */
export const ASIDE_DIR = "/var/lib/muster-aside";

export const UNIT_DIR = "/etc/systemd/system";

/**
 * The folder of Muster's drop-ins for services. systemd.unit(5) reserves this folder for the administrator.
 * `systemctl edit` writes to another folder, in which changes are drift.
 */
export const INSTALLED_UNIT_DIR = "/usr/local/lib/systemd/system";

/** Returns the path of Muster's drop-in for a service's unit. */
export function settingsFile(unit: string, dir: string = INSTALLED_UNIT_DIR): string {
  return `${dir}/${unit}.d/50-muster.conf`;
}

export const SUDOERS_DIR = "/etc/sudoers.d";

/** The deadman's folder: policies, saved state, quarantines, pauses and the history. */
export const HOSTD_DIR = `${STATE_DIR}/hostd`;

/** Returns the path of the deadman's policy for one agent, which `up` writes. */
export function policyFile(agent: string, dir: string = HOSTD_DIR): string {
  return `${dir}/agents/${agent}.json`;
}

/** Returns the path of the deadman's policy for one service, which `up` writes. */
export function servicePolicyFile(service: string, dir: string = HOSTD_DIR): string {
  return `${dir}/services/${service}.json`;
}

/** Returns the path of the file that exists while a unit is in quarantine, so that the unit cannot start. */
export function quarantineFile(unit: string, dir: string = HOSTD_DIR): string {
  return `${dir}/quarantine/${unit}`;
}

/**
 * Returns the path of the file that pauses the deadman for one agent or, without a name, for the whole host.
 */
export function pauseFile(agent?: string, dir: string = HOSTD_DIR): string {
  return `${dir}/pause${agent === undefined ? "" : `-${agent}`}`;
}

/**
 * Returns the path of the file that exists while a unit
 * runs with an earlier declaration and must restart later.
 */
export function deferredRestartFile(unit: string, dir: string = HOSTD_DIR): string {
  return `${dir}/owed/${unit}`;
}

/** Returns the path of the file with the probe of a provider of models. */
export function providerFile(provider: string, dir: string = HOSTD_DIR): string {
  return `${dir}/providers/${provider}.json`;
}

/**
 * Returns the folder with one subfolder for each agent. The subfolder has a drop-in for each of the agent's
 * providers except the first one.
 */
export function choiceFolder(dir: string = HOSTD_DIR): string {
  return `${dir}/choices`;
}

/**
 * Returns the path of an agent's drop-in for a provider that is not its first one. `up` writes the drop-in.
 */
export function choiceFile(agent: string, provider: string, dir: string = HOSTD_DIR): string {
  return `${choiceFolder(dir)}/${agent}/${provider}.conf`;
}

/**
 * Returns the path of the link through which systemd reads an agent's drop-in for a provider. The link exists
 * while the agent should use that provider.
 */
export function choiceLink(unit: string, provider: string, dir: string = UNIT_DIR): string {
  return `${dir}/${unit}.d/muster-provider-${provider}.conf`;
}

/**
 * The deadman's current observations, which `fleet ps`
 * shows. The folder is in memory and is lost at a reboot.
 */
export const HOSTD_RUN_DIR = "/run/muster-hostd";

export const HOSTD_UNIT = "muster-hostd.service";

/** The folder of the programs that agents may call. */
export const BIN_DIR = "/usr/local/bin";

export function agentUnit(agent: string): string {
  return `muster-agent-${agent}.service`;
}

/** Returns the agent that a unit belongs to; undefined for any other unit. */
export function agentOfUnit(unit: string): string | undefined {
  return /^muster-agent-([a-z0-9-]+)\.service$/.exec(unit)?.[1];
}

/** Whether a unit belongs to an agent. Such a unit starts a tmux server. */
export function isAgentUnit(unit: string): boolean {
  return unit.startsWith("muster-agent-");
}

/** Returns an agent's folder in memory. The agent's unit creates it, and no other agent can enter it. */
export function agentRunDir(agent: string): string {
  return `/run/muster-${agent}`;
}

/** Returns the path of an agent's heartbeat file. */
export function heartbeatFile(agent: string): string {
  return `${agentRunDir(agent)}/beat`;
}
