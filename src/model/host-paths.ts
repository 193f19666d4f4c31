/** Where Muster's own things lie on a host. All of it is root-owned; no agent can change a path component. */

/** The installed runtime: `node-<version>/node`, `bundle-<hash>/host.mjs`, and `run`, which starts the current pair. */
export const RUNTIME_DIR = "/usr/local/lib/muster";

/** What is remembered on the host. */
export const STATE_DIR = "/var/lib/muster";

/** One JSON file a resource: `<owner, / as ~>/<id, / as ~>.json`. */
export const RECORDS_DIR = `${STATE_DIR}/records`;

/** One JSON file an agent that is on its way from or to this host. */
export const MOVES_DIR = `${STATE_DIR}/moves`;

/** Bytes by digest, `<64 hex>`: the restore source for identity files, and the declared rows. */
export const CONTENTS_DIR = `${STATE_DIR}/contents`;

/** One folder an agent (root:its group, 0750), its files 0400 of its uid. */
export const CREDENTIALS_DIR = `${STATE_DIR}/credentials`;

/** One folder a gate, the home of its account: its keys, and its scope. */
export const GATES_DIR = `${STATE_DIR}/gates`;

/** 32 random bytes, 0400; keys the hashes of secrets in records and never leaves the host. */
export const KEY_FILE = `${STATE_DIR}/key`;

/** flock(1)-style lock around useradd and daemon-reload. */
export const LOCK_FILE = "/run/muster.lock";

/** Where an agent's own data goes when its resource is removed: `<name>-<UTC time>`, 0700 root. */
export const ASIDE_DIR = "/var/lib/muster-aside";

export const UNIT_DIR = "/etc/systemd/system";

/**
 * Where what Muster adds to a service's unit lies, as an administrator's installed units do (systemd.unit(5)): apart
 * from what people change by `systemctl edit`, which is drift.
 */
export const INSTALLED_UNIT_DIR = "/usr/local/lib/systemd/system";

/** What Muster adds to a service's unit, whoever wrote that. */
export function settingsFile(unit: string, dir: string = INSTALLED_UNIT_DIR): string {
  return `${dir}/${unit}.d/50-muster.conf`;
}

export const SUDOERS_DIR = "/etc/sudoers.d";

/** The deadman's own: policies of agents, its memory, quarantines, pauses and the history. */
export const HOSTD_DIR = `${STATE_DIR}/hostd`;

/** One policy an agent, as `up` wrote it. */
export function policyFile(agent: string, dir: string = HOSTD_DIR): string {
  return `${dir}/agents/${agent}.json`;
}

/** What the deadman goes by for one service, as `up` wrote it. */
export function servicePolicyFile(service: string, dir: string = HOSTD_DIR): string {
  return `${dir}/services/${service}.json`;
}

/** It is there while a unit is in quarantine, and the unit does not start while it is there. */
export function quarantineFile(unit: string, dir: string = HOSTD_DIR): string {
  return `${dir}/quarantine/${unit}`;
}

/** While it is there, the agent, or without one everybody on the host, is left alone. */
export function pauseFile(agent?: string, dir: string = HOSTD_DIR): string {
  return `${dir}/pause${agent === undefined ? "" : `-${agent}`}`;
}

/** It is there while a unit runs with what was declared before. */
export function owedFile(unit: string, dir: string = HOSTD_DIR): string {
  return `${dir}/owed/${unit}`;
}

/** How the deadman finds out whether a provider of models works, one file a provider. */
export function providerFile(provider: string, dir: string = HOSTD_DIR): string {
  return `${dir}/providers/${provider}.json`;
}

/** One folder an agent, for what its unit says on each of its providers but the first. */
export function choiceFolder(dir: string = HOSTD_DIR): string {
  return `${dir}/choices`;
}

/** What an agent's unit says while it runs on another provider than its first, as `up` wrote it. */
export function choiceFile(agent: string, provider: string, dir: string = HOSTD_DIR): string {
  return `${choiceFolder(dir)}/${agent}/${provider}.conf`;
}

/** The link to that file by which systemd reads it: it is there while the agent is to run on that provider. */
export function choiceLink(unit: string, provider: string, dir: string = UNIT_DIR): string {
  return `${dir}/${unit}.d/muster-provider-${provider}.conf`;
}

/** What the deadman sees now, for `fleet ps`; in memory. */
export const HOSTD_RUN_DIR = "/run/muster-hostd";

export const HOSTD_UNIT = "muster-hostd.service";

/** Programs that agents may call. */
export const BIN_DIR = "/usr/local/bin";

export function agentUnit(agent: string): string {
  return `muster-agent-${agent}.service`;
}

/** The agent that a unit is of; undefined where it is no agent's. */
export function agentOfUnit(unit: string): string | undefined {
  return /^muster-agent-([a-z0-9-]+)\.service$/.exec(unit)?.[1];
}

/** Whether a unit is an agent's, and so begins with a tmux. */
export function isAgentUnit(unit: string): boolean {
  return unit.startsWith("muster-agent-");
}

/** An agent's folder in memory, which its unit makes and no sibling can enter. */
export function agentRunDir(agent: string): string {
  return `/run/muster-${agent}`;
}

/** Where an agent's heartbeat lies. */
export function beatFile(agent: string): string {
  return `${agentRunDir(agent)}/beat`;
}
