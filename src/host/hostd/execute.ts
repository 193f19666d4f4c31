import { MusterError } from "../../base/errors.ts";
import type { Host } from "../context.ts";
import { reasonOf } from "../system/error-reason.ts";
import { deferRestart } from "../units/deferred-restarts.ts";
import { parkUnit, pauseUnit } from "../units/pause.ts";
import { linkOverride } from "../units/provider-override.ts";
import { quarantine, release } from "../units/quarantine.ts";
import { showProperties, systemctl } from "../units/systemctl.ts";
import type { Action } from "./decision-step.ts";

/** The systemctl command for each action. Only systemd starts programs, never the deadman itself. */
const WORDS: Readonly<Record<Exclude<Action["act"], "switch">, readonly string[]>> = {
  park: ["stop", "--no-block"],
  unpark: ["start", "--no-block"],
  restart: ["try-restart", "--no-block"],
  revive: ["restart", "--no-block"],
  kill: ["kill", "--signal=SIGKILL"],
  quarantine: ["stop", "--no-block"],
  pause: ["stop", "--no-block"],
  stop: ["stop", "--no-block"],
};

/**
 * Carries out all actions except changes of provider. Units with the same action share one call of systemctl, because
 * many agents can hang at the same time. If systemctl fails for one unit, systemctl still continues with the other
 * units.
 */
export function execute(host: Host, actions: readonly Action[]): void {
  // The file that keeps a unit stopped is written first. If the deadman is killed before it stops the unit,
  // the unit still does not start at the next boot.
  for (const { act, unit, reason, park, by = "" } of actions) {
    if (act === "quarantine") attempt(`cannot quarantine ${unit}`, () => quarantine(host, unit, reason));
    if (act === "pause") attempt(`cannot pause ${unit}`, () => pauseUnit(host, unit, by));
    if (act === "park" && park !== undefined)
      attempt(`cannot park ${unit}`, () => parkUnit(host, unit, park, reason));
    if (act === "unpark") attempt(`cannot end the park of ${unit}`, () => release(host, unit));
  }
  for (const [act, some] of Map.groupBy(actions, ({ act }) => act)) {
    if (act === "switch") continue;
    const units = some.filter(({ park }) => park?.wasStopped !== true).map(({ unit }) => unit);
    if (units.length === 0) continue;
    // A unit that has reached systemd's start limit does not start until its failures are reset.
    if (act === "revive" || act === "unpark") host.run("systemctl", ["reset-failed", "--", ...units]);
    attempt(`action ${act} failed for ${units.join(" ")}`, () =>
      systemctl(host, ...WORDS[act], "--", ...units),
    );
  }
}

/** Runs `work`. If `work` fails, writes the error to the journal, so that other agents are not affected. */
export function attempt(what: string, work: () => void): void {
  try {
    work();
  } catch (error) {
    process.stderr.write(`${what}: ${reasonOf(error)}\n`);
  }
}

/** Seconds to wait for systemd. systemd's watchdog does not wait much longer for the deadman's next ping. */
const PATIENCE = 5;

/**
 * Changes the providers of units: records the deferred restarts, changes the links, then makes systemd reload once for
 * all units. If the deadman is killed between these steps, its next tick does the remaining steps. The units restart
 * later: when their agents are idle, or at their deadlines.
 */
export function switchProviders(host: Host, actions: readonly Action[]): void {
  const changes = actions.filter(({ act }) => act === "switch");
  if (changes.length === 0) return;
  for (const action of changes) {
    attempt(`cannot change the provider of ${action.unit}`, () => {
      noteRestart(host, action, action.change?.run ?? "");
      linkOverride(host, action.unit, action.change?.to);
    });
  }
  attempt("cannot reload systemd", () => {
    reload(host);
    noteRestartedMeanwhile(host, changes);
  });
}

function noteRestart(host: Host, { unit, change }: Action, run: string): void {
  const { within = 0 } = change ?? {};
  deferRestart(host, unit, { restart: "when-idle", within, run, since: new Date().toISOString() });
}

/**
 * Defers another restart of each unit that has restarted by itself in the meantime, because the unit's new run might
 * still use the old provider.
 */
function noteRestartedMeanwhile(host: Host, changes: readonly Action[]): void {
  const units = changes.map(({ unit }) => unit);
  const states = showProperties(host, units, ["InvocationID"], PATIENCE);
  for (const [i, action] of changes.entries()) {
    const run = states[i]?.["InvocationID"] ?? "";
    if (run !== action.change?.run) noteRestart(host, action, run);
  }
}

/**
 * Makes systemd reload without the host's lock. If the deadman waited for a run that holds the lock for a
 * long time, it could not ping its watchdog. The lock is not needed, because systemd itself queues reloads.
 */
function reload(host: Host): void {
  const { status, stderr } = host.run("systemctl", ["daemon-reload"], { timeout: PATIENCE });
  if (status !== 0)
    throw new MusterError({
      what: "systemctl daemon-reload",
      why: stderr.trim() || `it exited with status ${status}`,
    });
}
