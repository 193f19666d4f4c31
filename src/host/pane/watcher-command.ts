import { STATE_DIR, tmuxSocket } from "../../model/host-paths.ts";

/** The unit and the user of a running agent, as systemd reports them. */
export interface RunningAgent {
  readonly agent: string;
  readonly unit: string;
  readonly user: string;
  readonly group: string;
  readonly slice: string;
}

/**
 * The sandbox of the tmux client that watches an agent. A tmux server can make its client run any command. The
 * client therefore gets fewer rights than the agent itself: no network, no home, and no way to start another unit.
 */
const SANDBOX = [
  ...["NoNewPrivileges=yes", "CapabilityBoundingSet=", "RestrictSUIDSGID=yes", "UMask=0077"],
  ...["ProtectSystem=strict", "ProtectHome=yes", "PrivateTmp=yes", "PrivateDevices=yes", "PrivateMounts=yes"],
  ...["PrivateNetwork=yes", "RestrictAddressFamilies=AF_UNIX", "InaccessiblePaths=-/run/dbus"],
  ...["ProtectProc=invisible", "ProtectClock=yes", "ProtectControlGroups=yes", "ProtectHostname=yes"],
  ...[
    "ProtectKernelLogs=yes",
    "ProtectKernelModules=yes",
    "ProtectKernelTunables=yes",
    "LockPersonality=yes",
  ],
  ...["RestrictRealtime=yes", "RestrictNamespaces=yes", `TemporaryFileSystem=${STATE_DIR}:ro`],
  ...["SystemCallArchitectures=native", "SystemCallFilter=@system-service", "SystemCallErrorNumber=EPERM"],
  ...["MemoryMax=64M", "TasksMax=16", "RuntimeMaxSec=3600", "TimeoutStopSec=1", "KillMode=control-group"],
];

/**
 * Returns the arguments of systemd-run(1) that start a control client of an agent's tmux server, as the agent's user.
 * The client has no terminal. The client ends when its standard input or the agent's unit ends.
 *
 * @param name the name of the client's own unit
 */
export function watcherCommand({ agent, unit, user, group, slice }: RunningAgent, name: string): string[] {
  const properties = [`User=${user}`, `Group=${group}`, `Slice=${slice}`, `BindsTo=${unit}`, `After=${unit}`];
  return [
    ...["--quiet", "--collect", "--pipe", "--wait", `--unit=${name}`],
    ...["--description", `A person watches the agent ${agent}`],
    ...[...properties, ...SANDBOX].flatMap((one) => ["-p", one]),
    // Without -u, tmux replaces letters outside of ASCII. With -E, tmux does not change the session's environment.
    ...["--", "/usr/bin/tmux", "-u", "-C", "-S", tmuxSocket(agent), "-f", "/dev/null"],
    // The flags keep the size of the agent's window, and stop notifications with the program's output.
    ...["attach-session", "-E", "-f", "ignore-size,no-output"],
  ];
}
