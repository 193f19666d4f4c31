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
  /** The text of its unit; absent: the unit of its package, or a unit that is already installed. */
  readonly text?: string;
  /** The files that it reads when it starts, by absolute path. */
  readonly files: Readonly<Record<string, ServiceFile>>;
  /** The user of the host that runs it. */
  readonly user: string;
  /** How the user is created; absent: the user exists already. */
  readonly account?: { readonly home: string; readonly shell: string };
  readonly credentials: readonly string[];
  /** The UnitFileState that systemd should report; `static` if the unit has no [Install] section. */
  readonly enabled: "enabled" | "disabled" | "static";
  readonly running: boolean;
  readonly health?: HealthCheck;
  /** Seconds after each start in which failed checks are ignored. */
  readonly grace: number;
  readonly onUnhealthy: OnUnhealthy;
  readonly restarts: RestartLimit;
  /** Its own windows, those of its host and those of the fleet. */
  readonly maintenance: readonly MaintenanceWindow[];
  readonly protect: boolean;
}

export interface ServiceFile extends IdentityFile {
  readonly owner: string;
  readonly group: string;
}
