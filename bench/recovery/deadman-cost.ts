import type { Project } from "../../test/hosts/support/project.ts";
import { HOST } from "./fleet.ts";

/** The resources that the deadman uses during a minute without events. */
export interface DeadmanCost {
  /** The resident memory in bytes, from VmRSS in proc_pid_status(5). */
  readonly resident: number;
  /** The share of one core that the deadman and its child processes use. */
  readonly share: number;
}

const SECONDS = 60;

/**
 * A command that prints the CPU time of the deadman and its ended children, in ticks: the sum of fields 14 to 17 in
 * proc_pid_stat(5).
 */
const TICKS = "cut -d ')' -f 2 /proc/$pid/stat | awk '{print $12 + $13 + $14 + $15}'";

/** Measures the deadman for a minute. */
export async function deadmanCost(project: Project): Promise<DeadmanCost> {
  const script = `pid=$(systemctl show -P MainPID muster-hostd)
    before=$(${TICKS}); sleep ${SECONDS}; after=$(${TICKS})
    echo $before $after $(getconf CLK_TCK) $(awk '/VmRSS/ {print $2}' /proc/$pid/status)`;
  const words = (await project.onHost(HOST, script)).split(" ").map(Number);
  const [before = Number.NaN, after = Number.NaN, ticks = Number.NaN, kilobytes = Number.NaN] = words;
  return { resident: kilobytes * 1024, share: (after - before) / ticks / SECONDS };
}
