import { basename, join } from "node:path";
import type { AgentSpec, ChoiceSpec, Fleet } from "../config/fleet.ts";
import { agentRunDir, heartbeatFile, quarantineFile } from "../model/host-paths.ts";
import { limitLines } from "../model/limits.ts";
import {
  commandLine,
  environmentLines,
  escapePercent,
  renderUnit,
  type UnitLine,
} from "../model/unit-file.ts";
import { credentialsDir, environmentFiles } from "./agent/credentials.ts";
import { hardening } from "./hardening.ts";
import { sliceName, unitName } from "./unit-names.ts";

/**
 * Returns the text of an agent's systemd unit. The unit's main process is the agent's
 * own tmux server, so the agent has a real terminal and the unit's environment. When
 * the agent exits, tmux and the unit end, and Restart= restarts the unit. The tmux
 * socket is in the unit's runtime folder, which no other agent can enter.
 */
export function unitText(fleet: Fleet, agent: AgentSpec): string {
  const runtimeDir = agentRunDir(agent.name);
  return renderUnit({
    Unit: [
      ["Description", `Muster agent ${agent.name} of ${agent.tenant}`],
      ["After", "network.target"],
      ["ConditionPathExists", `!${quarantineFile(unitName(agent))}`],
      // The deadman, and not systemd, decides when there have been too many restarts.
      ["StartLimitIntervalSec", "0"],
    ],
    Service: [
      ["Type", "forking"],
      ...programLines(fleet, agent),
      ["RuntimeDirectory", basename(runtimeDir)],
      ["RuntimeDirectoryMode", "0700"],
      ["ExecStart", execStart(agent, `${runtimeDir}/tmux`)],
      ["Restart", agent.lifecycle.kind === "core" ? "always" : "no"],
      // A short delay is safe: restarting all agents of a host takes two seconds, and the deadman puts an
      // agent that keeps dying in quarantine after five restarts.
      ["RestartSec", "200ms"],
      // A program that does not exit by itself must not delay its next start.
      ["TimeoutStopSec", "10"],
      ["NotifyAccess", "all"],
      ...(agent.watchdog > 0 ? [["WatchdogSec", String(agent.watchdog)] as const] : []),
      ...limitLines(agent.limits),
      // If memory runs out, the kernel only kills the largest
      // process. If that is the agent itself, its unit ends too.
      ["OOMPolicy", "continue"],
    ],
    Install: [["WantedBy", "multi-user.target"]],
  });
}

/**
 * Returns the drop-in that replaces lines of the unit while the agent uses a provider other than its first
 * one. An empty value removes all earlier values of its key; systemd.unit(5).
 */
export function choiceText(fleet: Fleet, agent: AgentSpec, choice: ChoiceSpec): string {
  const run = { ...agent, ...choice };
  return renderUnit({
    Service: [
      ["Environment", ""],
      ["EnvironmentFile", ""],
      ...environmentOf(fleet, run),
      ["ExecStart", ""],
      ["ExecStart", execStart(run, `${agentRunDir(agent.name)}/tmux`)],
    ],
  });
}

/** Returns the lines with the user, the sandbox and the environment of an agent's program. */
export function programLines(fleet: Fleet, agent: AgentSpec): UnitLine[] {
  const [first = agent] = agent.failover?.choices ?? [];
  return [
    ["User", agent.user],
    ["Group", agent.tenant],
    ["Slice", sliceName(agent.tenant)],
    ["WorkingDirectory", escapePercent(agent.workdir)],
    ...environmentOf(fleet, { ...agent, credentials: first.credentials }),
    ...hardening(fleet, agent),
  ];
}

function environmentOf(fleet: Fleet, run: AgentSpec): UnitLine[] {
  return [
    ...environmentLines(environment(run)),
    ...environmentFiles(fleet, run).map((path): UnitLine => ["EnvironmentFile", escapePercent(path)]),
  ];
}

/**
 * Returns the tmux command. `-f /dev/null` ignores the user's tmux configuration. `/usr/bin/env` makes the
 * command at least two words long, because tmux passes a single word to a shell.
 */
function execStart(agent: AgentSpec, socket: string): string {
  const tmux = ["/usr/bin/tmux", "-S", socket, "-f", "/dev/null", "new-session", "-d", "-s", agent.name];
  const size = ["-x", "200", "-y", "50"];
  return commandLine([...tmux, ...size, "--", "/usr/bin/env", ...agent.command]);
}

/**
 * Returns an agent's environment variables. Provider and model come last, so that no declared variable can
 * override them.
 */
function environment(run: AgentSpec): Record<string, string> {
  const { provider, model } = run.model;
  return {
    HOME: run.home,
    MUSTER_AGENT: run.name,
    MUSTER_TENANT: run.tenant,
    MUSTER_CONTACTS: join(run.home, "contacts.db"),
    ...(run.credentials.length > 0 ? { MUSTER_CREDENTIALS: credentialsDir(run) } : {}),
    ...run.env,
    ...(run.heartbeat.by === "file" && { MUSTER_BEAT: heartbeatFile(run.name) }),
    ...(provider !== undefined && { MUSTER_PROVIDER: provider }),
    ...(model !== undefined && { MUSTER_MODEL: model }),
  };
}
