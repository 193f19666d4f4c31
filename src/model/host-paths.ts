/** Muster's paths on a host. Root owns all of them; no agent can change a path component. */

/** The installed runtime: `node-<version>/node`, `bundle-<hash>/host.mjs`, and `run`, which starts the current pair. */
export const RUNTIME_DIR = "/usr/local/lib/muster";

/** Muster's state on the host. */
export const STATE_DIR = "/var/lib/muster";

/** One JSON file for each resource: `<owner, / as ~>/<id, / as ~>.json`. */
export const RECORDS_DIR = `${STATE_DIR}/records`;

/** One JSON file for each agent that is moving from or to this host. */
export const MOVES_DIR = `${STATE_DIR}/moves`;

/** Bytes by digest, `<64 hex>`: the restore source for identity files, and the declared rows. */
export const CONTENTS_DIR = `${STATE_DIR}/contents`;

/** One folder for each agent (root:its group, 0750), with files (0400) of its uid. */
export const CREDENTIALS_DIR = `${STATE_DIR}/credentials`;

/** One folder for each gate, the home of its account: its keys, and its scope. */
export const GATES_DIR = `${STATE_DIR}/gates`;

/** 32 random bytes, 0400; keys the hashes of secrets in records and never leaves the host. */
export const KEY_FILE = `${STATE_DIR}/key`;

/** A lock like that of flock(1), around useradd and daemon-reload. */
export const LOCK_FILE = "/run/muster.lock";

/** The folder that an agent's own data is moved to when its resource is removed: `<name>-<UTC time>`, 0700 root. */
export const ASIDE_DIR = "/var/lib/muster-aside";

export const UNIT_DIR = "/etc/systemd/system";

/**
 * The folder of Muster's drop-ins for services, where an administrator installs units (systemd.unit(5)). It is
 * separate from what people change by `systemctl edit`, which is drift.
 */
export const INSTALLED_UNIT_DIR = "/usr/local/lib/systemd/system";

/** Muster's drop-in for a service's unit. */
export function settingsFile(unit: string, dir: string = INSTALLED_UNIT_DIR): string {
  return `${dir}/${unit}.d/50-muster.conf`;
}

export const SUDOERS_DIR = "/etc/sudoers.d";

/** The deadman's folder: policies of agents, its memory, quarantines, pauses and the history. */
export const HOSTD_DIR = `${STATE_DIR}/hostd`;

/** One policy for each agent, which `up` writes. */
export function policyFile(agent: string, dir: string = HOSTD_DIR): string {
  return `${dir}/agents/${agent}.json`;
}

/** The deadman's policy for one service, which `up` writes. */
export function servicePolicyFile(service: string, dir: string = HOSTD_DIR): string {
  return `${dir}/services/${service}.json`;
}

/** It exists while a unit is in quarantine. While it exists, the unit does not start. */
export function quarantineFile(unit: string, dir: string = HOSTD_DIR): string {
  return `${dir}/quarantine/${unit}`;
}

/** While it exists, the deadman leaves the agent alone; without a name, every agent of the host. */
export function pauseFile(agent?: string, dir: string = HOSTD_DIR): string {
  return `${dir}/pause${agent === undefined ? "" : `-${agent}`}`;
}

/** It exists while a unit runs with an earlier declaration. */
export function owedFile(unit: string, dir: string = HOSTD_DIR): string {
  return `${dir}/owed/${unit}`;
}

/** The probe of a provider of models, one file for each provider. */
export function providerFile(provider: string, dir: string = HOSTD_DIR): string {
  return `${dir}/providers/${provider}.json`;
}

/** One folder for each agent, with a drop-in for each of its providers except the first. */
export function choiceFolder(dir: string = HOSTD_DIR): string {
  return `${dir}/choices`;
}

/** An agent's drop-in for another provider than its first, which `up` writes. */
export function choiceFile(agent: string, provider: string, dir: string = HOSTD_DIR): string {
  return `${choiceFolder(dir)}/${agent}/${provider}.conf`;
}

/** The link through which systemd reads that file. It exists while the agent should run on that provider. */
export function choiceLink(unit: string, provider: string, dir: string = UNIT_DIR): string {
  return `${dir}/${unit}.d/muster-provider-${provider}.conf`;
}

/** What the deadman observes now, for `fleet ps`; in memory. */
export const HOSTD_RUN_DIR = "/run/muster-hostd";

export const HOSTD_UNIT = "muster-hostd.service";

/** Programs that agents may call. */
export const BIN_DIR = "/usr/local/bin";

export function agentUnit(agent: string): string {
  return `muster-agent-${agent}.service`;
}

/** The agent that a unit belongs to; undefined for any other unit. */
export function agentOfUnit(unit: string): string | undefined {
  return /^muster-agent-([a-z0-9-]+)\.service$/.exec(unit)?.[1];
}

/** Whether a unit belongs to an agent, and so starts a tmux. */
export function isAgentUnit(unit: string): boolean {
  return unit.startsWith("muster-agent-");
}

/** An agent's folder in memory. Its unit creates it, and no other agent can enter it. */
export function agentRunDir(agent: string): string {
  return `/run/muster-${agent}`;
}

/** The file of an agent's heartbeat. */
export function beatFile(agent: string): string {
  return `${agentRunDir(agent)}/beat`;
}
