/**
 * Muster's paths on a host. Root owns all of them except the folder of each agent in memory. No agent can change any
 * component of these paths.
 */

/**
 * The installed runtime: `node-<version>/node`, `bundle-<hash>/host.mjs`, and `run`, a script that starts the
 * bundle with Node.
 */
export const RUNTIME_DIR = "/usr/local/lib/muster";

/**
 * The folder of the pinned versions of runtimes. Each version is complete in `<name>/<version>-<digest>`. The folder is
 * in RUNTIME_DIR, so that the removal of the host runtime also removes all versions.
 */
export const INSTALLATIONS_DIR = `${RUNTIME_DIR}/runtimes`;

/** Muster's state on the host. */
export const STATE_DIR = "/var/lib/muster";

/** One JSON file for each resource: `<owner>/<id>.json`. In the owner and the id, `/` is replaced by `~`. */
export const RECORDS_DIR = `${STATE_DIR}/records`;

/** One JSON file for each agent that is moving from or to this host. */
export const MOVES_DIR = `${STATE_DIR}/moves`;

/**
 * The contents of declared files and rows, which are kept for comparisons and repairs. Each content is in a
 * file with its SHA-256 (64 hex digits) as the name.
 */
export const CONTENTS_DIR = `${STATE_DIR}/contents`;

/**
 * The archives from which runtimes are about to be installed. Each session has a folder with its PID as the name. The
 * name of an archive is its digest in hex digits.
 */
export const ARCHIVES_DIR = `${STATE_DIR}/archives`;

/**
 * One folder for the secrets of each agent or service. Root owns the folder, and only the user of the agent
 * or service can read the files in it.
 */
export const CREDENTIALS_DIR = `${STATE_DIR}/credentials`;

/**
 * One folder for each gate. The folder is the home of the gate's account, and
 * contains the gate's keys and scope.
 */
export const GATES_DIR = `${STATE_DIR}/gates`;

/**
 * 32 random bytes (mode 0400): the key for the hashes of secrets in records. The key never leaves the host.
 */
export const KEY_FILE = `${STATE_DIR}/key`;

/**
 * The file of the host's lock, which is taken with flock(1), for example around useradd and daemon-reload.
 */
export const LOCK_FILE = "/run/muster.lock";

/**
 * The archive folder. When an agent is removed, its own data is moved into a subfolder `<name>-<UTC time>`,
 * which only root can read.
 */
export const ASIDE_DIR = "/var/lib/muster-aside";

export const UNIT_DIR = "/etc/systemd/system";

/**
 * The folder of Muster's drop-ins for services. systemd.unit(5) reserves this folder for the administrator. `systemctl
 * edit` writes to another folder, and changes in that folder are drift.
 */
export const INSTALLED_UNIT_DIR = "/usr/local/lib/systemd/system";

/** The file with the routes of the fleet. It is not in STATE_DIR, because the units of agents cannot see STATE_DIR. */
export const ROUTES_FILE = `${RUNTIME_DIR}/routes.json`;

/**
 * The folder with the digest of each agent's declared identity. It is not in STATE_DIR, because the units of agents
 * cannot see STATE_DIR.
 */
export const IDENTITIES_DIR = `${RUNTIME_DIR}/identities`;

/** Returns the path of the file with the digest of an agent's declared identity, which `up` writes. */
export function identityDigestFile(agent: string, dir: string = IDENTITIES_DIR): string {
  return `${dir}/${agent}`;
}
/** The file with the hosts to which this host hands tasks off. Only root can read it. */
export const PEERS_FILE = `${STATE_DIR}/peers.json`;

/** How the runtimes of the host's agents show their prompts, by agent. Only root can read the file. */
export const CONVERSATIONS_FILE = `${STATE_DIR}/conversations.json`;

/** Returns the path of Muster's drop-in for a service's unit. */
export function settingsFile(unit: string, dir: string = INSTALLED_UNIT_DIR): string {
  return `${dir}/${unit}.d/50-muster.conf`;
}

export const SUDOERS_DIR = "/etc/sudoers.d";

/** The deadman's folder: policies, saved state, quarantines, pauses, holds and the history. */
export const HOSTD_DIR = `${STATE_DIR}/hostd`;

/** Returns the path of the deadman's policy for one agent, which `up` writes. */
export function policyFile(agent: string, dir: string = HOSTD_DIR): string {
  return `${dir}/agents/${agent}.json`;
}

/** Returns the path of the deadman's policy for one service, which `up` writes. */
export function servicePolicyFile(service: string, dir: string = HOSTD_DIR): string {
  return `${dir}/services/${service}.json`;
}

/** Returns the path of the file that exists while a unit is in quarantine or paused, so that it cannot start. */
export function quarantineFile(unit: string, dir: string = HOSTD_DIR): string {
  return `${dir}/quarantine/${unit}`;
}

/**
 * Returns the path of a hold. While this file exists, the deadman does not act on one agent or service or,
 * without a name, on any agent or service of the host.
 */
export function holdFile(agent?: string, dir: string = HOSTD_DIR): string {
  return `${dir}/hold${agent === undefined ? "" : `-${agent}`}`;
}

/** Returns the path of the file that exists while a pause of a unit is pending until the unit is idle. */
export function pendingPauseFile(unit: string, dir: string = HOSTD_DIR): string {
  return `${dir}/pausing/${unit}`;
}

/**
 * Returns the path of the file that exists while a unit
 * runs with an earlier declaration and must restart later.
 */
export function deferredRestartFile(unit: string, dir: string = HOSTD_DIR): string {
  return `${dir}/owed/${unit}`;
}

/** Returns the path of the file with the accounts that agents share, and with the budgets. */
export function limitsFile(dir: string = HOSTD_DIR): string {
  return `${dir}/limits.json`;
}

/** Returns the path of the file that exists while the jobs of an agent do not start, because a budget is used up. */
export function jobsOffFile(agent: string, dir: string = HOSTD_DIR): string {
  return `${dir}/jobs-off/${agent}`;
}

/** Returns the path of the file with the health check of a model provider. */
export function providerFile(provider: string, dir: string = HOSTD_DIR): string {
  return `${dir}/providers/${provider}.json`;
}

/**
 * Returns the folder for drop-ins of providers. It has one subfolder for each agent, with a drop-in for each
 * of the agent's providers except the first one.
 */
export function choiceFolder(dir: string = HOSTD_DIR): string {
  return `${dir}/choices`;
}

/**
 * Returns the path of an agent's drop-in for a provider other than the agent's
 * first one. `up` writes the drop-in.
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
 * The folder with the deadman's current observations, which `fleet ps` shows. The folder is in memory, so a reboot
 * deletes it.
 */
export const HOSTD_RUN_DIR = "/run/muster-hostd";

/** The folder from which Debian's prometheus-node-exporter reads text files, if it is installed. */
export const METRICS_DIR = "/var/lib/prometheus/node-exporter";

/** The unit that records which processes write the declared files. */
export const WRITERS_UNIT = "muster-writers.service";

export const HOSTD_UNIT = "muster-hostd.service";

/** The folder with the programs that agents can call. */
export const BIN_DIR = "/usr/local/bin";

export function agentUnit(agent: string): string {
  return `muster-agent-${agent}.service`;
}

/** Returns the agent to which a unit belongs; undefined for a unit of no agent. */
export function agentOfUnit(unit: string): string | undefined {
  return /^muster-agent-([a-z0-9-]+)\.service$/.exec(unit)?.[1];
}

/** Whether a unit belongs to an agent. Such a unit starts a tmux server. */
export function isAgentUnit(unit: string): boolean {
  return unit.startsWith("muster-agent-");
}

/** The program that runs an agent's program in the agent's tmux. */
export const RUN_PROGRAM = `${BIN_DIR}/muster-run`;

/** The program that starts an agent's program in the agent's own conversation; see resources/session-program.ts. */
export const SESSION_PROGRAM = `${BIN_DIR}/muster-session`;
/** The program that waits until an agent may start; see resources/turn-program.ts. */
export const TURN_PROGRAM = `${BIN_DIR}/muster-turn`;

/** The file with the gates of each agent. It is deleted together with the host runtime. */
export const TURNS_FILE = `${RUNTIME_DIR}/turns`;

/** The template of the units in which agents wait until they may start. */
export const TURN_UNIT = "muster-turn@.service";

/** Returns the name of the unit in which an agent waits until it may start. */
export function turnUnit(agent: string): string {
  return TURN_UNIT.replace("@", `@${agent}`);
}

/** Returns the path of an agent's tmux socket. */
export function tmuxSocket(agent: string): string {
  return `${agentRunDir(agent)}/tmux`;
}

/**
 * Returns the name of the unit in which a session watches an agent's terminal.
 *
 * @param session distinguishes the sessions of one agent
 */
export function watcherUnit(agent: string, session: string): string {
  return `muster-watch-${agent}-${session}.service`;
}

/** Whether a unit exists only while a person watches an agent. */
export function isWatcherUnit(unit: string): boolean {
  return unit.startsWith("muster-watch-");
}

/** Returns an agent's folder in memory. The agent's unit creates this folder, and no other agent can enter it. */
export function agentRunDir(agent: string): string {
  return `/run/muster-${agent}`;
}

/** Returns the path of an agent's heartbeat file. */
export function heartbeatFile(agent: string): string {
  return `${agentRunDir(agent)}/beat`;
}

/** Returns the path of the file with which an agent asks hostd to deliver its handoffs. */
export function handoffSignal(agent: string): string {
  return `${agentRunDir(agent)}/handoff`;
}

/** The file with the agents that have a repository. It is not in STATE_DIR, because the units of agents cannot see it. */
export const REPOSITORIES_FILE = `${RUNTIME_DIR}/repositories.json`;

/** Returns the path of the file with which an agent asks hostd for a self-sync. The file contains the request's id. */
export function selfSyncSignal(home: string): string {
  return `${home}/.muster/self-sync`;
}

/** Returns the path of the file with the answer to an agent's request for a self-sync. */
export function selfSyncAnswer(home: string): string {
  return `${home}/.muster/self-sync-answer`;
}

/** Returns the folder with the handoffs that have not been delivered, one file for each agent. */
export function handoffFolder(dir: string = HOSTD_DIR): string {
  return `${dir}/handoffs`;
}

/** Returns the path of the PID file of an agent's muster-run process. */
export function startedFile(agent: string): string {
  return `${agentRunDir(agent)}/started`;
}

/**
 * Returns the path of the file with the rows of an agent's terminal. The agent's tmux writes this file while the
 * terminal is silent.
 */
export function paneFile(agent: string): string {
  return `${agentRunDir(agent)}/pane`;
}

/** Returns the path of the file in which muster-session says in which conversation the agent's program has started. */
export function conversationFile(agent: string): string {
  return `${agentRunDir(agent)}/conversation`;
}

/** Returns the path of the file that exists from the end of an agent's program to the end of its unit. */
export function endedFile(agent: string): string {
  return `${agentRunDir(agent)}/ended`;
}

/**
 * Returns the folder that an agent's unit creates on the disk. Only root and the agent's user can enter this folder.
 */
export function agentLogDir(agent: string): string {
  return `/var/log/muster-${agent}`;
}

/** Returns the path of the file with the last output and the exit status of an agent's program. */
export function lastRunFile(agent: string): string {
  return `${agentLogDir(agent)}/last-run`;
}
