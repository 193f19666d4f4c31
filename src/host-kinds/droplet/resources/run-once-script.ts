import { digestOf } from "../../../model/digest.ts";
import type { SetupStep } from "../spec.ts";

/**
 * The folders on a host that contain the digests of completed steps (DONE) and the output of steps (LOGS). Only root
 * can read these folders.
 */
const DONE = "/var/lib/muster-setup";
const LOGS = "/var/log/muster-setup";

/**
 * Waits until cloud-init has finished the first boot, if the host has cloud-init. In cloud-init 23.4 and
 * later, exit code 2 means that cloud-init has finished but had to recover from errors.
 */
export const WAIT_FOR_CLOUD_INIT = `command -v cloud-init >/dev/null || exit 0
timeout 600 cloud-init status --wait >/dev/null
case $? in 0|2) exit 0;; esac
echo "cloud-init failed or did not finish: see /var/log/cloud-init-output.log on the host" >&2
exit 1
`;

/**
 * Returns a script that runs a step only once on each machine, even if the script itself runs again. The output of the
 * step can contain secrets, so it is kept on the host. The script prints only a short result.
 *
 * The script is an input of the vendor's Command. Any change to the text of the script therefore causes an
 * update in every existing stack.
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
    // With `-e`, the step ends at the first command that fails.
    `timeout -k 10 ${timeout} sh -e ${DONE}/.run </dev/null >${log} 2>&1`,
    "code=$?",
    `if [ $code = 124 ]; then echo "${name} was ended after ${timeout} s; what it said is in ${log}" >&2; exit 1; fi`,
    `if [ $code != 0 ]; then echo "${name} failed with $code; what it said is in ${log}" >&2; exit 1; fi`,
    `echo ${digest} >${done}`,
    "echo done",
  ];
  return `${lines.join("\n")}\n`;
}

/**
 * Returns commands that write a text to a file. The end mark contains a digest of the text, so the text
 * cannot contain the mark.
 */
function heredoc(file: string, text: string): string {
  const mark = `END_${digestOf(text).slice("sha256:".length).slice(0, 16)}`;
  return `cat >${DONE}/.${file} <<'${mark}'\n${text.replace(/\n$/, "")}\n${mark}`;
}
