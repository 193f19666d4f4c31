import type { Project } from "../../test/hosts/support/project.ts";
import { AGENTS, HOST, NAMES, TIMEOUT } from "./fleet.ts";

/** The faults. Each fault affects all agents on the host simultaneously. */
export const FAULTS = ["the pane's process is killed", "tmux is killed", "it hangs"] as const;

export type Fault = (typeof FAULTS)[number];

const UNITS = NAMES.map((name) => `muster-agent-${name}.service`).join(" ");

const PROGRAMS = "$(pgrep -f '^/bin/sh agent.sh')";

/**
 * A command that prints the processes of the programs and of their tmux servers. The servers are included, because a
 * tmux server could resume a stopped program in its pane.
 */
const ALL = "$(pgrep -f 'agent.sh$')";

/**
 * Scripts that cause the faults. Each script sets `now` to the time of the fault, in seconds since 1970. The recovery
 * from a hang starts later, at the last heartbeat plus the timeout.
 */
const SCRIPTS: Readonly<Record<Fault, string>> = {
  "the pane's process is killed": `pids="${PROGRAMS}"; now=$(date +%s.%N); kill -9 $pids`,
  "tmux is killed": `pids=$(systemctl show -P MainPID ${UNITS}); now=$(date +%s.%N); kill -9 $pids`,
  "it hangs": `pids="${ALL}"; kill -STOP $pids; sleep 1; now=$(date +%s.%N)`,
};

/** The maximum number of seconds to wait until all agents have recovered. */
const RECOVERY_TIMEOUT = TIMEOUT + 60;

/**
 * Causes a fault in every agent, and waits until all agents send heartbeats again.
 *
 * @returns the duration of each agent's recovery in milliseconds
 */
export async function recoveries(project: Project, fault: Fault): Promise<number[]> {
  const beats = fault === "it hangs" ? "stat -c '%n %.Y' /run/muster-a*/beat" : "";
  const script = `${SCRIPTS[fault]}
    echo "now $now"; ${beats}
    echo --
    for i in $(seq ${RECOVERY_TIMEOUT * 4}); do
      [ $(cat /home/*/back | awk -v now=$now '$1 > now' | wc -l) = ${AGENTS} ] && break
      sleep 0.25
    done
    for name in ${NAMES.join(" ")}; do echo $name $(cat /home/$name/back); done`;
  const [before = "", after = ""] = (await project.onHost(HOST, script)).split("--\n");
  const began = timesIn(before);
  const back = timesIn(after);
  const now = began.get("now") ?? 0;
  return NAMES.map((name) => {
    const since = fault === "it hangs" ? (began.get(`/run/muster-${name}/beat`) ?? 0) + TIMEOUT : now;
    const at = back.get(name) ?? 0;
    if (at <= now) throw new Error(`${name} is not back after ${RECOVERY_TIMEOUT} s: ${fault}`);
    return (at - since) * 1000;
  });
}

/**
 * Kills the deadman.
 *
 * @returns the milliseconds until a new deadman has written its view
 */
export async function hostdRecovery(project: Project): Promise<number> {
  const view = "/run/muster-hostd/view.json";
  const script = `pid=$(systemctl show -P MainPID muster-hostd); start=$(date +%s.%N); kill -9 $pid
    until [ -n "$(find ${view} -newermt @$start 2>/dev/null)" ]; do sleep 0.02; done
    echo "start $start"; stat -c 'view %.Y' ${view}`;
  const times = timesIn(await project.onHost(HOST, script));
  return ((times.get("view") ?? Number.NaN) - (times.get("start") ?? Number.NaN)) * 1000;
}

function timesIn(text: string): Map<string, number> {
  const rows = text.split("\n").map((line) => line.split(" "));
  return new Map(rows.map(([name = "", time = ""]) => [name, Number(time)]));
}
