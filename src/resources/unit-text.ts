import { basename, join } from "node:path";
import { agentRunDir, beatFile, quarantineFile } from "../model/layout.ts";
import type { AgentSpec, Fleet } from "../spec/fleet.ts";
import { credentialsDir, environmentFiles } from "./credential.ts";
import { sliceName, unitName } from "./ids.ts";

/**
 * An agent's systemd unit. Its main process is a tmux server of its own: the pane has a real terminal,
 * the unit's environment is the pane's, and a dead pane is a dead unit that Restart= brings back.
 * Its socket lies in the unit's own runtime folder, which no sibling can enter.
 */
export function unitText(fleet: Fleet, agent: AgentSpec): string {
  const runtimeDir = agentRunDir(agent.name);
  return [
    [
      "Unit",
      [
        ["Description", `Muster agent ${agent.name} of ${agent.tenant}`],
        ["After", "network.target"],
        ["ConditionPathExists", `!${quarantineFile(unitName(agent))}`],
        // The deadman decides when it is enough.
        ["StartLimitIntervalSec", "0"],
      ],
    ],
    [
      "Service",
      [
        ["Type", "forking"],
        ["User", agent.user],
        ["Group", agent.tenant],
        ["Slice", sliceName(agent.tenant)],
        ["WorkingDirectory", escapePercent(agent.workdir)],
        ["RuntimeDirectory", basename(runtimeDir)],
        ["RuntimeDirectoryMode", "0700"],
        ["UMask", "0077"],
        ...Object.entries(environment(agent)).map(([name, value]) => [
          "Environment",
          quote(`${name}=${value}`),
        ]),
        ...environmentFiles(fleet, agent).map((path) => ["EnvironmentFile", escapePercent(path)]),
        ["ExecStart", execStart(agent, `${runtimeDir}/tmux`)],
        ["Restart", agent.lifecycle.kind === "core" ? "always" : "no"],
        ["RestartSec", "1"],
        // What does not end by itself keeps nobody waiting for its next start.
        ["TimeoutStopSec", "10"],
        ["NotifyAccess", "all"],
        ...(agent.watchdog > 0 ? [["WatchdogSec", String(agent.watchdog)]] : []),
        ["NoNewPrivileges", "yes"],
        ["ProtectSystem", "full"],
        ["PrivateTmp", "yes"],
      ],
    ],
    ["Install", [["WantedBy", "multi-user.target"]]],
  ]
    .map(([section, lines]) => renderSection(section as string, lines as string[][]))
    .join("\n");
}

function renderSection(name: string, lines: readonly string[][]): string {
  return `[${name}]\n${lines.map(([key, value]) => `${key}=${value}\n`).join("")}`;
}

/**
 * `-f /dev/null`: no configuration of the user's changes what the pane runs in. `/usr/bin/env` makes it
 * at least two words, which tmux execs as they are; a single word it would hand to a shell.
 */
function execStart(agent: AgentSpec, socket: string): string {
  const tmux = ["/usr/bin/tmux", "-S", socket, "-f", "/dev/null", "new-session", "-d", "-s", agent.name];
  const size = ["-x", "200", "-y", "50"];
  return [...tmux, ...size, "--", "/usr/bin/env", ...agent.command].map(quoteArgument).join(" ");
}

function environment(agent: AgentSpec): Record<string, string> {
  return {
    HOME: agent.home,
    MUSTER_AGENT: agent.name,
    MUSTER_TENANT: agent.tenant,
    MUSTER_CONTACTS: join(agent.home, "contacts.db"),
    ...(agent.heartbeat.by === "file" ? { MUSTER_BEAT: beatFile(agent.name) } : {}),
    ...(agent.credentials.length > 0 ? { MUSTER_CREDENTIALS: credentialsDir(agent) } : {}),
    ...agent.env,
  };
}

/** `%` starts a specifier in unit files; systemd.unit(5). */
function escapePercent(text: string): string {
  return text.replaceAll("%", "%%");
}

/** A double-quoted word with C-style escapes; systemd.syntax(7). */
function quote(text: string): string {
  return `"${escapePercent(text).replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}

/** In ExecStart= `$` would be expanded as well; systemd.service(5). */
function quoteArgument(text: string): string {
  const doubled = text.replaceAll("$", "$$$$");
  return /^[\w@%+=:,./-]+$/.test(doubled) && !doubled.includes("%") ? doubled : quote(doubled);
}
