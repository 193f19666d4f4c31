import { MusterError } from "../../base/errors.ts";
import type { Host } from "../context.ts";
import { deferRestart } from "../units/deferred-restarts.ts";
import { linkOverride } from "../units/provider-override.ts";
import { showProperties } from "../units/systemctl.ts";
import { attempt } from "./execute.ts";
import type { Action } from "./types.ts";

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
