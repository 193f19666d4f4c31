import type { ScannedService } from "./scanned-host.ts";

/** The settings of a service: those that are keys of an agent in fleet.yaml, and those that have no such key. */
export interface CarriedSettings {
  /** `limits` and `watchdog`, if the service has them. */
  readonly keys: object;
  /** The settings that fleet.yaml cannot express, such as `ExecStartPre=`. */
  readonly dropped: readonly string[];
}

const MEBIBYTE = 1024 ** 2;

/** The settings that the scan reads from systemd itself, or that every unit of Muster has. */
const ALWAYS = [
  ...["ExecStart", "User", "WorkingDirectory", "Environment", "EnvironmentFile", "UnsetEnvironment"],
].map((key) => `Service.${key}`);

/** Settings that can be omitted, because the value has no effect or is also in Muster's unit. */
const SAME: Readonly<Record<string, RegExp>> = {
  "Unit.Description": /./,
  "Unit.Documentation": /./,
  "Unit.After":
    /^((network|network-online|basic|multi-user|sysinit|syslog|local-fs|remote-fs|time-sync)\.target\s*)+$/,
  "Unit.Wants": /^((network|network-online)\.target\s*)+$/,
  "Unit.Requires": /^(network\.target\s*)+$/,
  "Service.Type": /^(simple|exec|idle|forking|oneshot)$/,
  "Service.Restart": /^always$/,
  "Service.KillMode": /^control-group$/,
  "Service.StandardOutput": /^(journal|inherit)$/,
  "Service.StandardError": /^(journal|inherit)$/,
  "Install.WantedBy": /^((multi-user|default|graphical)\.target\s*)+$/,
};

/**
 * Separates the settings of a service. Lists every unknown setting as dropped, so this code does not need a complete
 * list of all settings.
 *
 * @param group the primary group of the service's user
 */
export function carriedSettings(service: ScannedService, group: string): CarriedSettings {
  const { limits, watchdog } = limitsOf(service);
  const carried = [
    ...ALWAYS,
    ...(service.group === "" || service.group === group ? ["Service.Group"] : []),
    ...(limits["memory"] === undefined ? [] : ["Service.MemoryMax", "Service.MemoryAccounting"]),
    ...(limits["cpu"] === undefined ? [] : ["Service.CPUQuota", "Service.CPUAccounting"]),
    ...(limits["tasks"] === undefined ? [] : ["Service.TasksMax", "Service.TasksAccounting"]),
    ...(watchdog === undefined ? [] : ["Service.WatchdogSec", "Service.NotifyAccess"]),
  ];
  const dropped = [...service.settings]
    .filter(([key, values]) => !carried.includes(key) && !values.every((value) => SAME[key]?.test(value)))
    .map(([key]) => `${key.slice(key.indexOf(".") + 1)}=`);
  return {
    keys: {
      ...(Object.keys(limits).length > 0 && { limits }),
      ...(watchdog !== undefined && { watchdog }),
    },
    dropped,
  };
}

/** Returns the unit's own limits. The default limits of the host are not declared. */
function limitsOf({ settings, memory, cpu, tasks, watchdog }: ScannedService) {
  const isSet = (key: string) => settings.has(`Service.${key}`);
  const limits: Record<string, unknown> = {
    ...(memory !== undefined && isSet("MemoryMax") && memory >= MEBIBYTE && { memory: memoryText(memory) }),
    ...(cpu !== undefined && isSet("CPUQuota") && cpu >= 0.01 && { cpu: Math.round(cpu * 100) / 100 }),
    ...(tasks !== undefined && isSet("TasksMax") && tasks >= 10 && { tasks }),
  };
  const seconds = Math.max(1, Math.round(watchdog ?? 0));
  return { limits, watchdog: watchdog === undefined || seconds > 86_400 ? undefined : seconds };
}

function memoryText(bytes: number): string {
  const mebibytes = Math.floor(bytes / MEBIBYTE);
  return mebibytes % 1024 === 0 ? `${mebibytes / 1024}G` : `${mebibytes}M`;
}
