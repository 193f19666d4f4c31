import { makeProject, must, type Project } from "../../test/hosts/support/project.ts";
import { FIRST_UP_LIMIT } from "../first.ts";
import { throwIfInterrupted } from "../hold-signals.ts";
import { percentile, type Runs } from "../stats.ts";
import { seconds, table } from "../tables.ts";
import { type DeadmanCost, deadmanCost } from "./deadman-cost.ts";
import { FAULTS, type Fault, hostdRecovery, recoveries } from "./faults.ts";
import { AGENTS, HOST, RESTARTS, recoveryFleet, TIMEOUT } from "./fleet.ts";
import { METRICS_MOST, metricsCost } from "./metrics-cost.ts";

const HOSTD = "the deadman is killed";

export interface RecoveryResult {
  /**
   * The number of milliseconds from the fault to the next heartbeat, for each agent and round. For a hang, the time
   * starts at the heartbeat timeout.
   */
  readonly runs: Readonly<Record<Fault | typeof HOSTD, Runs>>;
  readonly cost: DeadmanCost;
  /** The additional cost of the metrics. */
  readonly metrics: DeadmanCost;
}

/** The target for the 99th percentile of recoveries, in milliseconds. */
const P99_MOST = 3000;

/** The targets for the deadman's cost, in bytes and as a share of one core. */
const COST_MOST: DeadmanCost = { resident: 80e6, share: 0.02 };

/** Repeatedly kills and hangs fifty agents on one host simultaneously, and measures the cost of their deadman. */
export async function runRecovery(rounds: number, log: (line: string) => void): Promise<RecoveryResult> {
  const project = await makeProject(recoveryFleet());
  try {
    log("first up");
    await must(project.pulumi(["up", "--yes", "--skip-preview"], { timeout: FIRST_UP_LIMIT }));
    await isCalm(project);
    log("the deadman for a minute");
    const cost = await deadmanCost(project);
    log("the deadman for a minute, with metrics");
    const metrics = await metricsCost(project, cost);
    const runs: Record<keyof RecoveryResult["runs"], number[]> = {
      "the pane's process is killed": [],
      "tmux is killed": [],
      "it hangs": [],
      [HOSTD]: [],
    };
    for (let round = 1; round <= rounds; round += 1) {
      log(`round ${round} of ${rounds}`);
      for (const fault of FAULTS) {
        throwIfInterrupted();
        await isCalm(project);
        runs[fault].push(...(await recoveries(project, fault)));
      }
      await isCalm(project);
      runs[HOSTD].push(await hostdRecovery(project));
    }
    return { runs, cost, metrics };
  } finally {
    log("destroy");
    await project.dispose();
  }
}

/** Waits until every agent has sent a few heartbeats after a fault. */
async function isCalm(project: Project): Promise<void> {
  await project.onHost(HOST, "sleep 8");
}

/** Renders the results and the targets as Markdown. */
export function recoveryTable({ runs, cost, metrics }: RecoveryResult): string {
  const rows = [...FAULTS, HOSTD].map((name) => {
    const all = runs[name as keyof typeof runs];
    const [p50, p99, max] = [50, 99, 100].map((percent) => seconds(percentile(all, percent)));
    return [name, `${all.length}`, p50 ?? "", p99 ?? "", max ?? "", seconds(P99_MOST)];
  });
  return [
    `### Recovery of ${AGENTS} agents on one host, all at once\n`,
    table(["until it beats again, seconds", "runs", "p50", "p99", "max", "p99 at most"], rows),
    `A hang counts from its timeout of ${TIMEOUT} s on, the deadman until it watches again. Quarantine begins at ${RESTARTS} restarts here.\n`,
    table(
      ["the deadman over a minute", "measured", "at most"],
      [
        ["resident, MB", (cost.resident / 1e6).toFixed(1), (COST_MOST.resident / 1e6).toFixed(0)],
        ["of one core, %", (cost.share * 100).toFixed(2), (COST_MOST.share * 100).toFixed(0)],
        [
          "the metrics alone: resident, MB",
          (metrics.resident / 1e6).toFixed(1),
          (METRICS_MOST.resident / 1e6).toFixed(0),
        ],
        [
          "the metrics alone: of one core, %",
          (metrics.share * 100).toFixed(2),
          (METRICS_MOST.share * 100).toFixed(1),
        ],
      ],
    ),
  ].join("\n");
}
