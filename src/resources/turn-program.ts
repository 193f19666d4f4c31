import type { AgentSpec } from "../config/fleet.ts";
import { quarantineFile, TURN_PROGRAM, TURNS_FILE } from "../model/host-paths.ts";

/**
 * The program `muster-turn`, which waits until an agent may start. The unit of an agent waits for the end of this program.
 * Each start passes the agent's gates. All times are hundredths of a second since boot. Nothing is kept while an agent
 * waits, so an agent that no longer waits delays no other agent.
 */
export const TURN_PROGRAM_TEXT = `#!/bin/sh
# Waits until an agent may start: muster-turn AGENT
# Two starts through the same gate are at least the declared number of seconds apart.
set -eu
agent=$1
folder=/run/muster-turns
gates=$(sed -n "s/^$agent //p" ${TURNS_FILE})
mkdir -p -m 0700 "$folder"
while :; do
  exec 9>"$folder/lock"
  flock 9
  read -r now _ </proc/uptime
  now=\${now%.*}\${now#*.}
  left=0
  for gate in $gates; do
    last=
    if [ -e "$folder/\${gate%=*}" ]; then read -r last <"$folder/\${gate%=*}"; fi
    most=$((\${gate#*=} * 100))
    wait=$((\${last:-$((now - most))} + most - now))
    if [ "$wait" -gt "$left" ] && [ "$wait" -le "$most" ]; then left=$wait; fi
  done
  if [ "$left" -eq 0 ]; then
    for gate in $gates; do echo "$now" >"$folder/\${gate%=*}"; done
    exit 0
  fi
  exec 9>&-
  sleep "$((left / 100)).$(printf %02d $((left % 100)))"
  # Another request can have cancelled the start.
  case $(systemctl show --property=Job --value "muster-agent-$agent.service") in
    "" | 0) exit 0 ;;
  esac
done
`;

/**
 * Returns the text of the template unit in which an agent waits. The waiting has no time limit, and it does not count as
 * a part of the agent's own start. If this unit fails, the agent starts nevertheless.
 */
export const TURN_UNIT_TEXT = `[Unit]
Description=Muster: waits until agent %i may start
ConditionPathExists=!${quarantineFile("muster-agent-%i.service")}
StartLimitIntervalSec=0

[Service]
Type=oneshot
ExecStart=${TURN_PROGRAM} %i
TimeoutStartSec=infinity
`;

/** Returns the text of the file with the gates of agents: one line for each agent. */
export function turnsText(agents: readonly AgentSpec[]): string {
  const lines = agents.map(({ name, gates = {} }) => {
    const sorted = Object.entries(gates).sort(([a], [b]) => (a < b ? -1 : 1));
    return `${[name, ...sorted.map((gate) => gate.join("="))].join(" ")}\n`;
  });
  return lines.sort().join("");
}
