import { MusterError } from "../../base/errors.ts";
import type { Host } from "../context.ts";
import { reasonOf } from "../system/error-reason.ts";
import { deferRestart } from "../units/deferred-restarts.ts";
import { linkOverride } from "../units/provider-override.ts";
import { quarantine } from "../units/quarantine.ts";
import { showProperties, systemctl } from "../units/systemctl.ts";
import type { Action } from "./types.ts";

/** By what act each is told to systemd, which alone starts anything. */
const WORDS: Readonly<Record<Exclude<Action["act"], "switch">, readonly string[]>> = {
  restart: ["try-restart", "--no-block"],
  revive: ["restart", "--no-block"],
  kill: ["kill", "--signal=SIGKILL"],
  hold: ["stop", "--no-block"],
  stop: ["stop", "--no-block"],
};

/**
 * Does what was decided: what runs is told to end, or to start anew. Many that hang at once, as when their provider
 * does, are one call; systemctl goes on with the others where it fails for one. A change of provider is made before this.
 */
export function execute(host: Host, actions: readonly Action[]): void {
  // The mark first: whatever ends us now, the unit is not started at the next boot.
  for (const { act, unit, reason } of actions) {
    if (act === "hold") attempt(`${unit} cannot be marked`, () => quarantine(host, unit, reason));
  }
  for (const [act, some] of Map.groupBy(actions, ({ act }) => act)) {
    if (act === "switch") continue;
    const units = some.map(({ unit }) => unit);
    // What failed too often for systemd is not started before that is forgotten.
    if (act === "revive") host.run("systemctl", ["reset-failed", "--", ...units]);
    attempt(`${act} of ${units.join(" ")}`, () => systemctl(host, ...WORDS[act], "--", ...units));
  }
}

/** What fails for one agent keeps nobody from the others; it is told in the journal. */
export function attempt(what: string, work: () => void): void {
  try {
    work();
  } catch (error) {
    process.stderr.write(`${what}: ${reasonOf(error)}\n`);
  }
}

/** Seconds for systemd to read its files again; its watchdog waits for us not much longer. */
const PATIENCE = 5;

/**
 * Has units run on other providers: what is owed is noted first, then the links change, then systemd reads all of them at
 * once. Ended in between, the deadman sees the rest at its next turn. The start itself is the notes' own matter.
 */
export function switchProviders(host: Host, actions: readonly Action[]): void {
  const changes = actions.filter(({ act }) => act === "switch");
  if (changes.length === 0) return;
  for (const action of changes) {
    attempt(`${action.unit} cannot change its provider`, () => {
      noteIt(host, action, action.change?.run ?? "");
      linkOverride(host, action.unit, action.change?.to);
    });
  }
  attempt("systemd cannot read its files", () => {
    reload(host);
    noteWhoCameBetween(host, changes);
  });
}

function noteIt(host: Host, { unit, change }: Action, run: string): void {
  const { within = 0 } = change ?? {};
  deferRestart(host, unit, { restart: "when-idle", within, run, since: new Date().toISOString() });
}

/** Who started again by itself meanwhile did so on the old provider, perhaps. */
function noteWhoCameBetween(host: Host, changes: readonly Action[]): void {
  const units = changes.map(({ unit }) => unit);
  const states = showProperties(host, units, ["InvocationID"], PATIENCE);
  for (const [i, action] of changes.entries()) {
    const run = states[i]?.["InvocationID"] ?? "";
    if (run !== action.change?.run) noteIt(host, action, run);
  }
}

/** Without the host's lock: a run that holds it for long must not keep the deadman from its watchdog. systemd itself reads once at a time. */
function reload(host: Host): void {
  const { status, stderr } = host.run("systemctl", ["daemon-reload"], { timeout: PATIENCE });
  if (status !== 0)
    throw new MusterError({
      what: "systemctl daemon-reload",
      why: stderr.trim() || `it ended with ${status}`,
    });
}
