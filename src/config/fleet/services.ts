import type { MaintenanceWindow, OnUnhealthy, RestartLimit } from "../../model/deadman.ts";
import type { HealthCheck } from "../../model/health.ts";
import type { OpenPort } from "../open-port.ts";
import type { IdentityFile } from "./identities.ts";

/** A systemd service of a host. */
export interface ServiceSpec {
  readonly name: string;
  readonly host: string;
  /** Its unit, such as `gitea.service`. */
  readonly unit: string;
  /** The ports that the firewall of a droplet opens for it. */
  readonly open: readonly OpenPort[];
  /** The Debian packages that it needs. */
  readonly packages: readonly string[];
  /** The text of its unit; absent: the unit of its package, or the one that is already installed. */
  readonly text?: string;
  /** Files that it reads when it starts, by their absolute path. */
  readonly files: Readonly<Record<string, ServiceFile>>;
  /** The user of the host that runs it. */
  readonly user: string;
  /** How that user is created; absent: the user exists already. */
  readonly account?: { readonly home: string; readonly shell: string };
  readonly credentials: readonly string[];
  /** UnitFileState; `static` if the text has no [Install] section. */
  readonly enabled: "enabled" | "disabled" | "static";
  readonly running: boolean;
  readonly health?: HealthCheck;
  /** Seconds after each start in which failed checks are ignored. */
  readonly grace: number;
  readonly onUnhealthy: OnUnhealthy;
  readonly restarts: RestartLimit;
  /** Its own windows, its host's and the fleet's. */
  readonly maintenance: readonly MaintenanceWindow[];
  readonly protect: boolean;
}

export interface ServiceFile extends IdentityFile {
  readonly owner: string;
  readonly group: string;
}
