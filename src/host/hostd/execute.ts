import type { Host } from "../context.ts";
import { reasonOf } from "../system/error-reason.ts";
import { quarantine } from "../units/quarantine.ts";
import { systemctl } from "../units/systemctl.ts";
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
