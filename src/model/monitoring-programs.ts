/** The ports on which the programs of the monitoring listen. Only the exporters accept connections from other machines. */
export const MONITORING_PORTS = { exporter: 9100, prometheus: 9090, alertmanager: 9093 } as const;

export type MonitoringProgram = keyof typeof MONITORING_PORTS;

/** The name in the certificates of all programs of the monitoring. */
export const MONITORING_NAME = "muster-monitoring";

/** Returns the folder with the declared files of a program. */
export function monitoringDir(program: MonitoringProgram): string {
  return `/etc/muster-monitoring/${program}`;
}

/** Returns the folder in memory with the certificates of a program. The folder belongs to the program's user. */
export function monitoringRunDir(program: MonitoringProgram): string {
  return `/run/monitoring-${program}`;
}
