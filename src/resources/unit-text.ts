import { basename, join } from "node:path";
import type { AgentSpec, ChoiceSpec, Fleet } from "../config/fleet.ts";
import { STOP_SECONDS } from "../model/deadman.ts";
import {
  agentLogDir,
  agentRunDir,
  heartbeatFile,
  quarantineFile,
  SESSION_PROGRAM,
  turnUnit,
} from "../model/host-paths.ts";
import { tmuxStart, tmuxWord } from "../model/tmux-start.ts";
import {
  commandLine,
  environmentLines,
  escapePercent,
  renderUnit,
  type UnitLine,
} from "../model/unit-file.ts";
import { limitLines } from "../model/unit-limits.ts";
import { credentialsDir, environmentFiles } from "./agent/credentials.ts";
import { hardening } from "./hardening.ts";
import { sliceName, unitName } from "./unit-names.ts";

/**
 * Returns the text of an agent's systemd unit. The main process of the unit is a tmux server that only this
 * agent uses. The agent therefore has a real terminal and the environment of the unit. When the agent exits,
 * tmux and the unit end (see run-program.ts), and Restart= restarts the unit. The tmux socket is in the
 * runtime folder of the unit, which no other agent can enter.
 */
export function unitText(fleet: Fleet, agent: AgentSpec): string {
  const runtimeDir = agentRunDir(agent.name);
  return renderUnit({
    Unit: [
      ["Description", `Muster agent ${agent.name} of ${agent.tenant}`],
      ...orderOf(agent),
      ["ConditionPathExists", `!${quarantineFile(unitName(agent))}`],
      // systemd does not limit the restarts, because the deadman decides when there were too many.
      ["StartLimitIntervalSec", "0"],
    ],
    Service: [
      ["Type", "forking"],
      ...programLines(fleet, agent),
      ["RuntimeDirectory", basename(runtimeDir)],
      ["RuntimeDirectoryMode", "0700"],
      // muster-run keeps the last output and the exit status of the program in this folder.
      ["LogsDirectory", basename(agentLogDir(agent.name))],
      ["LogsDirectoryMode", "0700"],
      ["ExecStart", execStart(agent)],
      ["Restart", agent.lifecycle.kind === "core" ? "always" : "no"],
      // A short delay is safe. A restart of all agents on a host takes two seconds. If an agent exits repeatedly, the
      // deadman puts it in quarantine after five restarts.
      ["RestartSec", "200ms"],
      // If a program does not exit by itself, systemd kills it after this time, so that the next start is not
      // delayed.
      ["TimeoutStopSec", String(STOP_SECONDS)],
      ["NotifyAccess", "all"],
      ...(agent.watchdog > 0 ? [["WatchdogSec", String(agent.watchdog)] as const] : []),
      ...limitLines(agent.limits),
      // If memory runs out, the kernel kills only the largest process. If this process is the agent itself, the unit
      // also ends.
      ["OOMPolicy", "continue"],
    ],
    Install: [["WantedBy", "multi-user.target"]],
  });
}

/** Returns the units after which the agent starts. An agent with gates first waits in a separate unit. */
function orderOf({ name, gates }: AgentSpec): UnitLine[] {
  if (gates === undefined) return [["After", "network.target"]];
  return [
    ["Wants", turnUnit(name)],
    ["After", `network.target ${turnUnit(name)}`],
  ];
}

/**
 * Returns the drop-in that replaces lines of the unit while the agent uses this provider instead of its first one. An
 * empty value removes all earlier values of its key; see systemd.unit(5).
 */
export function choiceText(fleet: Fleet, agent: AgentSpec, choice: ChoiceSpec): string {
  const run = { ...agent, ...choice };
  return renderUnit({
    Service: [
      ["Environment", ""],
      ["EnvironmentFile", ""],
      ...environmentOf(fleet, run),
      ["ExecStart", ""],
      ["ExecStart", execStart(run)],
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

function execStart({ name, command, session }: AgentSpec): string {
  const own = session === undefined ? [] : [SESSION_PROGRAM, session];
  return commandLine([...tmuxStart(name), ...own, ...command.map(tmuxWord)]);
}

/**
 * Returns an agent's environment variables. The provider and the model come last, so that no declared
 * variable can override them.
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
