import {
  ALERT_NAMES,
  type AlertName,
  credentialsOfReceiver,
  type MonitoringSpec,
  type ReceiverSpec,
} from "../fleet/monitoring.ts";
import type { Fleet, ServiceSpec } from "../fleet.ts";
import type { RawMonitoring } from "../fleet-yaml-types.ts";
import { monitoringServices } from "../monitoring/services.ts";
import { isObservedOnly } from "../observe-only.ts";
import { EVERYBODY } from "../open-port.ts";
import type { Keys } from "../problem.ts";
import { didYouMean } from "../suggest.ts";
import { asMap, namesIn, secondsOf } from "../yaml-values.ts";
import type { Context } from "./context.ts";

/**
 * The default number of seconds before each alert is sent. A person must get the alert about a silent host within five
 * minutes.
 */
const AFTER: Readonly<Record<AlertName, number>> = {
  ...{
    hostSilent: 120,
    deadmanSilent: 60,
    dead: 60,
    stale: 60,
    stuck: 60,
    blocked: 60,
    quarantined: 1,
    bootDisabled: 600,
    login: 60,
    parked: 60,
  },
  ...{ failedOver: 3600, recurring: 1, jobFailed: 1, unhealthy: 120, disk: 300, memory: 600 },
};

const INTERVAL = 15;
const RETENTION = "40d";
const WAIT = "30s";
const REPEAT = "4h";

/** Adds the declared monitoring and its services to a fleet. */
export function withMonitoring(fleet: Fleet, context: Context): Fleet {
  const raw = asMap(context.source.value)["monitoring"];
  if (asMap(raw) !== raw || !isSound(raw as RawMonitoring, context)) return fleet;
  const monitoring = monitoringOf(raw as RawMonitoring);
  if (!checkNames(fleet, monitoring, context)) return fleet;
  const added = monitoringServices(fleet, monitoring);
  checkServices(fleet, added, context);
  return {
    ...fleet,
    monitoring,
    credentials: { ...fleet.credentials, ...withReason(fleet, monitoring) },
    services: { ...fleet.services, ...Object.fromEntries(added.map((one) => [one.name, one])) },
  };
}

/** Whether the schema check has reported no problem in the section. */
function isSound(raw: RawMonitoring, { report, source }: Context): boolean {
  const keys = ["host", "credential", ...namesIn(raw)];
  return !report.hasErrorAt(source, ["monitoring"]) && keys.every((key) => report.isSound("monitoring", key));
}

function monitoringOf(raw: RawMonitoring): MonitoringSpec {
  const { host, credential, interval, retention = RETENTION, wait, repeat, addresses, scrapeFrom } = raw;
  const declared = Object.entries(raw.after ?? {}).flatMap(([name, time]) =>
    ALERT_NAMES.some((one) => one === name) ? [[name, secondsOf(time as number | string)]] : [],
  );
  const receivers = Object.entries(asMap(raw.receivers)).filter(([name]) => !name.startsWith("x-"));
  return {
    ...{ host, credential, interval: secondsOf(interval ?? INTERVAL), retention },
    ...{ wait: secondsOf(wait ?? WAIT), repeat: secondsOf(repeat ?? REPEAT) },
    addresses: Object.fromEntries(
      Object.entries(asMap(addresses)).filter(([name]) => !name.startsWith("x-")),
    ) as MonitoringSpec["addresses"],
    scrapeFrom: scrapeFrom ?? EVERYBODY,
    after: { ...AFTER, ...(Object.fromEntries(declared) as Partial<Record<AlertName, number>>) },
    receivers: Object.fromEntries(
      receivers.map(([name, one]) => [name, { name, ...(one as Omit<ReceiverSpec, "name">) }]),
    ),
  };
}

/**
 * Reports names that are not declared, and hosts and credentials that cannot be used. @returns whether all names are
 * valid
 */
function checkNames(fleet: Fleet, monitoring: MonitoringSpec, context: Context): boolean {
  const { declared, report, source } = context;
  let isSound = true;
  const error = (keys: Keys, sentence: string) => {
    report.error(source, ["monitoring", ...keys], sentence);
    isSound = false;
  };
  const check = (section: string, noun: string, name: string, keys: Keys) => {
    const known = declared[section];
    if (known !== undefined && !known.has(name))
      error(keys, `no ${noun} is named "${name}"${didYouMean(name, known)}`);
  };
  const { host, credential, addresses, receivers } = monitoring;
  check("hosts", "host", host, ["host"]);
  for (const name of Object.keys(addresses)) check("hosts", "host", name, ["addresses", name]);
  if (isObservedOnly(fleet.hosts[host]))
    error(["host"], `"${host}" is observed only: Muster installs nothing on it`);
  check("credentials", "credential", credential, ["credential"]);
  const used = [{ name: credential, keys: ["credential"] as Keys }];
  for (const receiver of Object.values(receivers)) {
    const keys = ["receivers", receiver.name];
    for (const [i, tenant] of (receiver.tenants ?? []).entries())
      check("tenants", "tenant", tenant, [...keys, "tenants", i]);
    for (const name of credentialsOfReceiver(receiver)) {
      check("credentials", "credential", name, keys);
      used.push({ name, keys });
    }
  }
  for (const { name, keys } of used) {
    if (fleet.credentials[name]?.env === undefined) continue;
    error(
      keys,
      `the credential "${name}" has \`env\`, but the monitoring reads it as a file: remove \`env\``,
    );
  }
  return isSound;
}

/** Reports services in fleet.yaml that have the name of a monitoring service. */
function checkServices(fleet: Fleet, added: readonly ServiceSpec[], { report, source }: Context): void {
  for (const { name } of added.filter((one) => fleet.services[one.name] !== undefined))
    report.error(
      source,
      ["services", name],
      "is also the name of a service that `monitoring` creates: use another name",
      "key",
    );
}

/**
 * Adds a reason to the credential of the monitoring. fleet.yaml does not have to declare a reason, because all programs
 * of the monitoring share this key by design.
 */
function withReason({ credentials }: Fleet, { credential }: MonitoringSpec): Fleet["credentials"] {
  const spec = credentials[credential];
  if (spec === undefined) return {};
  const sharedBecause =
    spec.sharedBecause ?? "All programs of the monitoring authenticate each other with one key.";
  return { [credential]: { ...spec, sharedBecause } };
}
