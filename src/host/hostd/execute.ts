import { MusterError } from "../../base/errors.ts";
import type { Host } from "../context.ts";
import { reasonOf } from "../system/error-reason.ts";
import { deferRestart } from "../units/deferred-restarts.ts";
import { linkOverride } from "../units/provider-override.ts";
import { quarantine } from "../units/quarantine.ts";
import { showProperties, systemctl } from "../units/systemctl.ts";
import type { Action } from "./types.ts";

/** The command of systemctl for each action. Only systemd starts anything. */
const WORDS: Readonly<Record<Exclude<Action["act"], "switch">, readonly string[]>> = {
  restart: ["try-restart", "--no-block"],
  revive: ["restart", "--no-block"],
  kill: ["kill", "--signal=SIGKILL"],
  hold: ["stop", "--no-block"],
  stop: ["stop", "--no-block"],
};

/**
 * Does what was decided, except for changes of provider. Units that hang at the same time, as when their provider does,
 * are one call; if systemctl fails for one of them, it continues with the others.
 */
export function execute(host: Host, actions: readonly Action[]): void {
  // The quarantine file comes first: if the deadman is killed now, the unit does not start at the next boot.
  for (const { act, unit, reason } of actions) {
    if (act === "hold") attempt(`${unit} cannot be marked`, () => quarantine(host, unit, reason));
  }
  for (const [act, some] of Map.groupBy(actions, ({ act }) => act)) {
    if (act === "switch") continue;
    const units = some.map(({ unit }) => unit);
    // A unit that has failed too often for systemd does not start before its failures are reset.
    if (act === "revive") host.run("systemctl", ["reset-failed", "--", ...units]);
    attempt(`${act} of ${units.join(" ")}`, () => systemctl(host, ...WORDS[act], "--", ...units));
  }
}

/** A failure for one agent does not affect the others; it is written to the journal. */
export function attempt(what: string, work: () => void): void {
  try {
    work();
  } catch (error) {
    process.stderr.write(`${what}: ${reasonOf(error)}\n`);
  }
}

/** Seconds for systemd's reload; its watchdog does not wait much longer for the deadman. */
const PATIENCE = 5;

/**
 * Changes the providers of units: first the deferred restart is noted, then the links change, then systemd reloads once
 * for all. If the deadman is killed in between, the next tick does the rest. The restart itself comes when it is due.
 */
export function switchProviders(host: Host, actions: readonly Action[]): void {
  const changes = actions.filter(({ act }) => act === "switch");
  if (changes.length === 0) return;
  for (const action of changes) {
    attempt(`${action.unit} cannot change its provider`, () => {
      noteRestart(host, action, action.change?.run ?? "");
      linkOverride(host, action.unit, action.change?.to);
    });
  }
  attempt("systemd cannot read its files", () => {
    reload(host);
    noteRestartedMeanwhile(host, changes);
  });
}

function noteRestart(host: Host, { unit, change }: Action, run: string): void {
  const { within = 0 } = change ?? {};
  deferRestart(host, unit, { restart: "when-idle", within, run, since: new Date().toISOString() });
}

/** A unit that has restarted by itself meanwhile may still run on the old provider. */
function noteRestartedMeanwhile(host: Host, changes: readonly Action[]): void {
  const units = changes.map(({ unit }) => unit);
  const states = showProperties(host, units, ["InvocationID"], PATIENCE);
  for (const [i, action] of changes.entries()) {
    const run = states[i]?.["InvocationID"] ?? "";
    if (run !== action.change?.run) noteRestart(host, action, run);
  }
}

/** Without the host's lock: a run that holds it for long must not delay the deadman's watchdog. systemd queues reloads itself. */
function reload(host: Host): void {
  const { status, stderr } = host.run("systemctl", ["daemon-reload"], { timeout: PATIENCE });
  if (status !== 0)
    throw new MusterError({
      what: "systemctl daemon-reload",
      why: stderr.trim() || `it ended with ${status}`,
    });
}
