import { digestOf } from "../../../model/digest.ts";
import type { SetupStep } from "../spec.ts";

/** Where a host remembers which steps were done, and what they said: for root alone. */
const DONE = "/var/lib/muster-setup";
const LOGS = "/var/log/muster-setup";

/**
 * Waits until the first boot is over; where there is no cloud-init there is nothing to wait for. It ends with 2 where
 * something of the first boot failed that is not needed to go on (cloud-init 23.4 and later).
 */
export const WAIT_FOR_CLOUD_INIT = `command -v cloud-init >/dev/null || exit 0
timeout 600 cloud-init status --wait >/dev/null
case $? in 0|2) exit 0;; esac
echo "cloud-init did not come to a good end: see /var/log/cloud-init-output.log on the host" >&2
exit 1
`;

/**
 * A step as a script that does its work once on each machine, however often it is started. What the step prints may
 * be anything, so it stays on the host, and only a word of ours comes back.
 */
export function setupScript(step: SetupStep): string {
  const { name, run, unless, triggers, timeout } = step;
  const digest = digestOf(JSON.stringify([run, triggers])).slice("sha256:".length);
  const [done, log] = [`${DONE}/${name}`, `${LOGS}/${name}.log`];
  const lines = [
    "umask 077",
    `mkdir -p ${DONE} ${LOGS} || exit 1`,
    `if [ "$(cat ${done} 2>/dev/null)" = ${digest} ]; then echo "done before"; exit 0; fi`,
    ...(unless === undefined
      ? []
      : [
          heredoc("unless", unless),
          `if sh ${DONE}/.unless </dev/null >${log} 2>&1; then echo ${digest} >${done}; echo "nothing to do"; exit 0; fi`,
        ]),
    heredoc("run", run),
    // A line that fails is the step's end, whatever would come after it.
    `timeout -k 10 ${timeout} sh -e ${DONE}/.run </dev/null >${log} 2>&1`,
    "code=$?",
    `if [ $code = 124 ]; then echo "${name} was ended after ${timeout} s; what it said is in ${log}" >&2; exit 1; fi`,
    `if [ $code != 0 ]; then echo "${name} failed with $code; what it said is in ${log}" >&2; exit 1; fi`,
    `echo ${digest} >${done}`,
    "echo done",
  ];
  return `${lines.join("\n")}\n`;
}

/** The text's digest stands in its end mark, so that no text can hold that. */
function heredoc(file: string, text: string): string {
  const mark = `END_${digestOf(text).slice("sha256:".length).slice(0, 16)}`;
  return `cat >${DONE}/.${file} <<'${mark}'\n${text.replace(/\n$/, "")}\n${mark}`;
}
