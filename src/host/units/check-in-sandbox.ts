import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { MusterError } from "../../base/errors.ts";
import type { Host } from "../context.ts";
import { readTextIfPresent } from "../system/read-if-present.ts";
import { notStarted } from "./start-failure.ts";
import { daemonReload, showProperties } from "./systemctl.ts";

/**
 * The settings of an agent's unit that the check does not need, because they control how the unit runs and restarts.
 */
const LEFT_OUT =
  /^(Type|ExecStart|RuntimeDirectory|RuntimeDirectoryMode|Restart|RestartSec|NotifyAccess|WatchdogSec|TimeoutStopSec|OOMPolicy|ConditionPathExists|WantedBy|StartLimitIntervalSec|Description|After)=/;

/**
 * Checks a command without running it. The program and its interpreter must exist. If the program is itself an
 * interpreter, its script must exist. The exit codes are the keys of REASONS.
 */
const SCRIPT = [
  'p=$$(command -v -- "$$1") || exit 101',
  'i=; [ -f "$$p" ] && [ -r "$$p" ] && IFS= read -r i <"$$p"',
  'case $$i in "#!"*) i=$${i#??}; i=$${i# }; i=$${i%%%% *}; [ -x "$$i" ] || exit 102;; esac',
  "case $${1##*/} in sh|bash|dash|zsh|node|python*|perl|ruby|php|bun|deno) ;; *) exit 0;; esac",
  'case $${2-} in /*) [ -e "$$2" ] || exit 103;; esac',
].join("; ");

/** The meaning of each exit code of the check and of systemd; see systemd.exec(5). */
const REASONS: Readonly<Record<string, string>> = {
  "101": "it does not find the program",
  "102": "the interpreter in the first line of the program does not exist there",
  "103": "the script that it starts does not exist there",
  "200": "its working directory does not exist there, or the agent's user may not enter it",
};

/**
 * Checks, in the sandbox of an agent's unit, that the unit will find its working directory, its environment files and
 * its program. The unit cannot see everything that exists on the host, such as another user's home.
 *
 * @throws MusterError that names the path or program that the unit does not find
 */
export function checkOwnView(host: Host, unit: string): void {
  const text = readTextIfPresent(`${host.paths.units}/${unit}`);
  const command = /^ExecStart=.* -- \/usr\/bin\/env (.*)$/m.exec(text ?? "")?.[1];
  if (text === undefined || command === undefined) return;
  const lines = text.split("\n").filter((line) => !LEFT_OUT.test(line));
  const start = `ExecStart=/bin/sh -c "${SCRIPT.replaceAll('"', '\\"')}" check ${command}`;
  const checked = lines.join("\n").replace("[Service]\n", () => `[Service]\nType=oneshot\n${start}\n`);
  withUnit(host, `muster-check-${unit.replace(/^muster-agent-/, "")}`, checked, (name) => {
    if (host.run("systemctl", ["start", "--", name], { timeout: 60 }).status !== 0)
      throw refused(host, unit, name);
  });
}

/** Creates a unit that exists only until the next boot, runs `work`, and removes the unit. */
function withUnit(host: Host, name: string, text: string, work: (name: string) => void): void {
  const file = `/run/systemd/system/${name}`;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text, { mode: 0o644 });
  try {
    daemonReload(host);
    work(name);
  } finally {
    rmSync(file, { force: true });
    host.run("systemctl", ["reset-failed", "--", name]);
    daemonReload(host);
  }
}

function refused(host: Host, unit: string, name: string): MusterError {
  const [state = {}] = showProperties(host, [name], ["ExecMainStatus", "ActiveState", "SubState"]);
  const why = REASONS[state["ExecMainStatus"] ?? ""] ?? notStarted(host, name, state).why;
  return new MusterError({
    what: `${unit} does not take over yet`,
    why: `in its sandbox, ${why}.`,
    next:
      "The former unit keeps running the agent. Move what the agent needs out of other users' homes, or correct " +
      "`command`, `workdir` or `env` (docs/isolation.md).",
  });
}
