import { stringify } from "yaml";
import type { HealthCheck } from "../../model/health-check.ts";
import { MONITORING_PORTS, type MonitoringProgram } from "../../model/monitoring-programs.ts";
import type { UnitLine } from "../../model/unit-file.ts";
import { credentialsOfReceiver, type MonitoringSpec } from "../fleet/monitoring.ts";
import type { Fleet, HostSpec, ServiceFile, ServiceSpec } from "../fleet.ts";
import { isObservedOnly } from "../observe-only.ts";
import { openPort } from "../open-port.ts";
import { alertRoutes, SECRETS_SCRIPT } from "./alert-routes.ts";
import { alertRules } from "./alert-rules.ts";
import {
  CERTIFICATE_SETTINGS,
  certificateCommands,
  type ProgramPlace,
  placeOf,
  webConfig,
} from "./programs.ts";
import { scrapeConfig } from "./scrape-config.ts";

/**
 * Returns the services that `monitoring` declares: Prometheus and Alertmanager on one host, and an exporter on each
 * host that Muster manages. The names of packages, users and units are from Debian 12.
 */
export function monitoringServices(fleet: Fleet, monitoring: MonitoringSpec): ServiceSpec[] {
  const hosts = Object.values(fleet.hosts).filter((host) => !isObservedOnly(host));
  const names = hosts.map(({ name }) => name);
  return [
    ...hosts.map((host) => exporter(host, monitoring)),
    prometheus(fleet, monitoring, names),
    alertmanager(monitoring),
  ];
}

/** Returns the name of a host's exporter. */
export function exporterName(host: string): string {
  return `exporter-${host}`;
}

function exporter(spec: HostSpec, monitoring: MonitoringSpec): ServiceSpec {
  const { name: host } = spec;
  const name = exporterName(host);
  const place = placeOf("exporter", name, monitoring.credential);
  const opens = host !== monitoring.host && mayHaveFirewall(spec);
  return {
    ...common("exporter", name, host, monitoring),
    ...{ unit: "prometheus-node-exporter.service", packages: ["prometheus-node-exporter", "openssl"] },
    user: "prometheus",
    open: opens ? [openPort({ port: MONITORING_PORTS.exporter, from: [...monitoring.scrapeFrom] })] : [],
    files: commonFiles(place),
    settings: settings(
      "exporter",
      place,
      ["/usr/bin/prometheus-node-exporter", "--no-collector.systemd"],
      `:${MONITORING_PORTS.exporter}`,
    ),
  };
}

/**
 * Whether Muster may create a firewall for a host. An adopted droplet without a firewall must not get a firewall,
 * because the firewall would close all other ports.
 */
function mayHaveFirewall(host: HostSpec): boolean {
  if (host.kind !== "droplet") return true;
  const { adopt, open, sshFrom } = host.droplet;
  return adopt === undefined || adopt.firewall !== undefined || open.length > 0 || sshFrom !== undefined;
}

function prometheus(fleet: Fleet, monitoring: MonitoringSpec, hosts: readonly string[]): ServiceSpec {
  const place = placeOf("prometheus", "prometheus", monitoring.credential);
  const files = { rules: `${place.dir}/rules.yml`, hosts: `${place.dir}/hosts.json` };
  const command = [
    "/usr/bin/prometheus",
    `--config.file=${place.dir}/prometheus.yml`,
    "--storage.tsdb.path=/var/lib/prometheus/metrics2/",
    `--storage.tsdb.retention.time=${monitoring.retention}`,
  ];
  return {
    ...common("prometheus", "prometheus", monitoring.host, monitoring),
    ...{ unit: "prometheus.service", packages: ["prometheus", "openssl"], user: "prometheus" },
    files: {
      ...commonFiles(place),
      [`${place.dir}/prometheus.yml`]: rootText(stringify(scrapeConfig(fleet, monitoring, { place, files }))),
      [files.rules]: rootText(stringify(alertRules(fleet, monitoring), { lineWidth: 0 })),
    },
    addresses: {
      path: files.hosts,
      hosts: Object.fromEntries(hosts.map((host) => [host, addressOf(host, monitoring)])),
      port: MONITORING_PORTS.exporter,
    },
    settings: settings("prometheus", place, command, `127.0.0.1:${MONITORING_PORTS.prometheus}`),
  };
}

/** Returns the declared address of a host; undefined if the address at which Muster reaches the host applies. */
function addressOf(host: string, { addresses, host: own }: MonitoringSpec): string | undefined {
  return addresses[host] ?? (host === own ? "127.0.0.1" : undefined);
}

/**
 * Returns the service of Alertmanager. It has its own Linux user, so that other programs cannot read the secrets of
 * receivers.
 */
function alertmanager(monitoring: MonitoringSpec): ServiceSpec {
  const name = "alertmanager";
  const place = placeOf(name, name, monitoring.credential);
  const [template, config] = [`${place.dir}/alertmanager.yml`, `${place.runDir}/alertmanager.yml`];
  const folder = place.key.slice(0, -monitoring.credential.length - 1);
  const secrets = Object.values(monitoring.receivers).flatMap(credentialsOfReceiver);
  const command = [
    "/usr/bin/prometheus-alertmanager",
    `--config.file=${config}`,
    "--storage.path=/var/lib/alertmanager",
    "--cluster.listen-address=",
  ];
  return {
    ...common(name, name, monitoring.host, monitoring),
    ...{ unit: "prometheus-alertmanager.service", packages: ["prometheus-alertmanager", "openssl"] },
    ...{ user: name, account: { home: "/var/lib/alertmanager", shell: "/usr/sbin/nologin" } },
    credentials: [...new Set([monitoring.credential, ...secrets])],
    files: {
      ...commonFiles(place),
      [template]: rootText(stringify(alertRoutes(monitoring), { lineWidth: 0 })),
      [`${place.dir}/secrets.pl`]: rootText(SECRETS_SCRIPT),
    },
    settings: [
      ["ExecStartPre", `/usr/bin/perl ${place.dir}/secrets.pl ${template} ${folder} ${config}`],
      ...settings(name, place, command, `127.0.0.1:${MONITORING_PORTS.alertmanager}`),
      ["User", name],
      ["Group", name],
      ["StateDirectory", "alertmanager"],
      ["StateDirectoryMode", "0700"],
    ],
  };
}

function common(
  program: MonitoringProgram,
  name: string,
  host: string,
  { credential }: MonitoringSpec,
): Omit<ServiceSpec, "unit" | "user" | "files" | "packages"> {
  return {
    ...{ name, host, open: [], credentials: [credential], enabled: "enabled", running: true },
    ...{ health: healthOf(MONITORING_PORTS[program]), grace: 60, onUnhealthy: "restart" },
    ...{ restarts: { most: 5, within: 3600 }, maintenance: [], protect: false },
  };
}

function healthOf(port: number): HealthCheck {
  const probe = { kind: "tcp", host: "127.0.0.1", port, timeout: 5 } as const;
  return { probe, interval: 30, failures: 3, successes: 2 };
}

function commonFiles(place: ProgramPlace): Record<string, ServiceFile> {
  return {
    [`${place.dir}/certificates.cnf`]: rootText(CERTIFICATE_SETTINGS),
    [`${place.dir}/web.yml`]: rootText(stringify(webConfig(place))),
  };
}

function rootText(text: string): ServiceFile {
  return { text, mode: "0644", owner: "root", group: "root" };
}

/** Returns the settings of a program's unit. */
function settings(
  program: MonitoringProgram,
  place: ProgramPlace,
  command: readonly string[],
  address: string,
): readonly UnitLine[] {
  const web = [`--web.config.file=${place.dir}/web.yml`, `--web.listen-address=${address}`];
  return [
    ...certificateCommands(place).map((command): UnitLine => ["ExecStartPre", command]),
    ["ExecStart", ""],
    ["ExecStart", [...command, ...web].join(" ")],
    ["RuntimeDirectory", `monitoring-${program}`],
    ["RuntimeDirectoryMode", "0700"],
  ];
}
