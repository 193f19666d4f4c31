import { basename } from "node:path";
import { HOSTD_RUN_DIR, RUNTIME_DIR } from "../model/host-paths.ts";
import type { RuntimeVersion } from "./definition.ts";

/**
 * The deadman's unit. systemd is its deadman: killed or hung it is back within 10 s. The runtime that it was started
 * from stands in it, so that another one starts it again; it is no agent's, and none is started with it.
 */
export function hostdUnitText({ bundle, node }: RuntimeVersion): string {
  return `[Unit]
Description=Muster's deadman: keeps the agents and services of this host alive
StartLimitIntervalSec=0
X-Muster-Runtime=${bundle} ${node}

[Service]
Type=notify
NotifyAccess=all
ExecStart=${RUNTIME_DIR}/run hostd
WatchdogSec=7
WatchdogSignal=SIGKILL
Restart=always
RestartSec=500ms
RuntimeDirectory=${basename(HOSTD_RUN_DIR)}
RuntimeDirectoryMode=0700
OOMScoreAdjust=-900
Nice=-5

[Install]
WantedBy=multi-user.target
`;
}
