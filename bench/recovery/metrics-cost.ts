import type { Project } from "../../test/hosts/support/project.ts";
import { type DeadmanCost, deadmanCost } from "./deadman-cost.ts";
import { HOST } from "./fleet.ts";

/** The folder of Debian's prometheus-node-exporter. The deadman writes metrics only if this folder exists. */
const FOLDER = "/var/lib/prometheus/node-exporter";

/** The targets, in bytes and as a share of one core. */
export const METRICS_MOST: DeadmanCost = { resident: 5e6, share: 0.002 };

/**
 * Measures the deadman with metrics.
 *
 * @param without the cost of the same deadman without metrics
 * @returns the difference
 */
export async function metricsCost(project: Project, without: DeadmanCost): Promise<DeadmanCost> {
  await project.onHost(HOST, `mkdir -p ${FOLDER}; sleep 60`);
  const cost = await deadmanCost(project);
  await project.onHost(HOST, `[ -s ${FOLDER}/muster.prom ] && rm -r ${FOLDER}`);
  return { resident: cost.resident - without.resident, share: cost.share - without.share };
}
