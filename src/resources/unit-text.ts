import { basename, join } from "node:path";
import type { AgentSpec, ChoiceSpec, Fleet } from "../config/fleet.ts";
import { agentRunDir, beatFile, quarantineFile } from "../model/host-paths.ts";
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
 * An agent's systemd unit. Its main process is its own tmux server: the pane has a real terminal, the unit's
 * environment is the pane's environment, and when the pane dies, the unit dies and Restart= starts it again. Its
 * socket is in the unit's runtime folder, which no other agent can enter.
 */
export function unitText(fleet: Fleet, agent: AgentSpec): string {
  const runtimeDir = agentRunDir(agent.name);
  return renderUnit({
    Unit: [
      ["Description", `Muster agent ${agent.name} of ${agent.tenant}`],
      ["After", "network.target"],
      ["ConditionPathExists", `!${quarantineFile(unitName(agent))}`],
      // The deadman decides when there were too many restarts.
      ["StartLimitIntervalSec", "0"],
    ],
    Service: [
      ["Type", "forking"],
      ...programLines(fleet, agent),
      ["RuntimeDirectory", basename(runtimeDir)],
      ["RuntimeDirectoryMode", "0700"],
      ["ExecStart", execStart(agent, `${runtimeDir}/tmux`)],
      ["Restart", agent.lifecycle.kind === "core" ? "always" : "no"],
      // If all agents of a host end at once, starting them takes two seconds. An agent that keeps dying is held
      // after five starts.
      ["RestartSec", "200ms"],
      // A program that does not end by itself must not delay its next start.
      ["TimeoutStopSec", "10"],
      ["NotifyAccess", "all"],
      ...(agent.watchdog > 0 ? [["WatchdogSec", String(agent.watchdog)] as const] : []),
      ...limitLines(agent.limits),
      // What the kernel ends is what asked for too much; where that is the program itself, the pane ends with it.
      ["OOMPolicy", "continue"],
    ],
    Install: [["WantedBy", "multi-user.target"]],
  });
}

/**
 * The drop-in that replaces lines of the unit while its agent runs on another provider than the first. An empty value
 * removes the values before it; systemd.unit(5).
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

/** User, sandbox and environment of an agent's program. */
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
 * `-f /dev/null`: the user's tmux configuration must not change the pane. `/usr/bin/env` makes it at least two words,
 * which tmux executes directly; it would give a single word to a shell.
 */
function execStart(agent: AgentSpec, socket: string): string {
  const tmux = ["/usr/bin/tmux", "-S", socket, "-f", "/dev/null", "new-session", "-d", "-s", agent.name];
  const size = ["-x", "200", "-y", "50"];
  return commandLine([...tmux, ...size, "--", "/usr/bin/env", ...agent.command]);
}

/** Provider and model come last, so that no declared variable hides them: they show what the agent runs on. */
function environment(run: AgentSpec): Record<string, string> {
  const { provider, model } = run.model;
  return {
    HOME: run.home,
    MUSTER_AGENT: run.name,
    MUSTER_TENANT: run.tenant,
    MUSTER_CONTACTS: join(run.home, "contacts.db"),
    ...(run.credentials.length > 0 ? { MUSTER_CREDENTIALS: credentialsDir(run) } : {}),
    ...run.env,
    ...(run.heartbeat.by === "file" && { MUSTER_BEAT: beatFile(run.name) }),
    ...(provider !== undefined && { MUSTER_PROVIDER: provider }),
    ...(model !== undefined && { MUSTER_MODEL: model }),
  };
}
