import type { MaintenanceWindow, OnUnhealthy, RestartLimit } from "../../model/deadman.ts";
import type { HealthCheck } from "../../model/health-check.ts";
import type { UnitLine } from "../../model/unit-file.ts";
import type { OpenPort } from "../open-port.ts";
import type { IdentityFile } from "./identities.ts";

/** A systemd service of a host. */
export interface ServiceSpec {
  readonly name: string;
  readonly host: string;
  /** The service's unit, such as `gitea.service`. */
  readonly unit: string;
  /** The ports that a droplet's firewall opens for the service. */
  readonly open: readonly OpenPort[];
  /** The Debian packages that the service needs. */
  readonly packages: readonly string[];
  /**
   * The text of the unit file. Absent if a package provides the unit, or if the unit already exists on the
   * host.
   */
  readonly text?: string;
  /** The files that the service reads when it starts, by their absolute path. */
  readonly files: Readonly<Record<string, ServiceFile>>;
  /** The Linux user that runs the service. */
  readonly user: string;
  /** How the user is created. Absent if Muster does not create the user. */
  readonly account?: { readonly home: string; readonly shell: string };
  readonly credentials: readonly string[];
  /** The wanted UnitFileState of the unit; `static` if the unit has no [Install] section. */
  readonly enabled: "enabled" | "disabled" | "static";
  readonly running: boolean;
  readonly health?: HealthCheck;
  /** The number of seconds after a start during which failed checks are ignored. */
  readonly grace: number;
  readonly onUnhealthy: OnUnhealthy;
  readonly restarts: RestartLimit;
  /** The maintenance windows of the service, of its host and of the fleet. */
  readonly maintenance: readonly MaintenanceWindow[];
  readonly protect: boolean;
  /** Further settings in the unit's [Service] section. Only the services of `monitoring` have such settings. */
  readonly settings?: readonly UnitLine[];
  /** The file with the addresses of hosts. Only the service of Prometheus has this file. */
  readonly addresses?: AddressFile;
}

/** A file with the addresses of hosts in the format of Prometheus's file_sd_configs. */
export interface AddressFile {
  readonly path: string;
  /** The declared address of each host; undefined if the address at which Muster reaches the host applies. */
  readonly hosts: Readonly<Record<string, string | undefined>>;
  /** The port, which is the same on each host. */
  readonly port: number;
}

export interface ServiceFile extends IdentityFile {
  readonly owner: string;
  readonly group: string;
}
