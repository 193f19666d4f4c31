import { MONITORING_NAME } from "../../model/monitoring-programs.ts";
import type { MonitoringSpec } from "../fleet/monitoring.ts";
import type { Fleet } from "../fleet.ts";
import type { ProgramPlace } from "./programs.ts";

/** The value of the label `job` on all metrics of hosts. */
export const SCRAPE_JOB = "muster";

/**
 * Returns the configuration of Prometheus. The addresses of the hosts are not part of fleet.yaml, so they are in a
 * separate file.
 */
export function scrapeConfig(
  fleet: Fleet,
  { interval }: MonitoringSpec,
  {
    place,
    files,
  }: { readonly place: ProgramPlace; readonly files: { readonly rules: string; readonly hosts: string } },
): object {
  const tls = {
    ...{ ca_file: place.authority, cert_file: place.certificate, key_file: place.key },
    server_name: MONITORING_NAME,
  };
  const every = `${interval}s`;
  return {
    global: {
      scrape_interval: every,
      scrape_timeout: `${Math.min(interval, 10)}s`,
      evaluation_interval: every,
    },
    rule_files: [files.rules],
    alerting: {
      alertmanagers: [
        { scheme: "https", tls_config: tls, static_configs: [{ targets: ["127.0.0.1:9093"] }] },
      ],
    },
    scrape_configs: [
      {
        job_name: SCRAPE_JOB,
        scheme: "https",
        tls_config: tls,
        file_sd_configs: [{ files: [files.hosts] }],
        metric_relabel_configs: tenantLabels(fleet),
      },
    ],
  };
}

/** Returns the rules that add the label of the agent's tenant to each metric of an agent. */
function tenantLabels({ agents }: Fleet): object[] {
  const byTenant = Map.groupBy(Object.values(agents), ({ tenant }) => tenant);
  return [...byTenant].map(([tenant, own]) => ({
    source_labels: ["agent"],
    regex: own.map(({ name }) => name).join("|"),
    target_label: "tenant",
    replacement: tenant,
  }));
}
