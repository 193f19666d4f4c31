import { readFileSync, watch } from "node:fs";
import type { Host } from "../context.ts";
import { deadmanOf } from "./deadman.ts";
import { notify } from "./notify.ts";

/** Milliseconds between two turns. */
const EVERY = 1000;

/** Milliseconds from the first sign that a unit starts or stops to the turn that looks at it. */
const SOON = 200;

/** Turns between two pings of systemd's watchdog, which waits for more than twice as long. */
const PING_EVERY = 3;

/**
 * Runs the deadman until systemd ends it. systemd makes an agent's runtime folder when its unit starts and removes
 * it when that ends, so that a watch on the folder above tells at once, and costs nothing while nothing happens.
 */
export function runHostd(host: Host): void {
  process.umask(0o077);
  const deadman = deadmanOf(host, readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim());
  let turns = 0;
  let isSoon = false;
  const turn = (isPoked: boolean) => {
    deadman.turn(isPoked);
    if (turns % PING_EVERY === 0) notify("WATCHDOG=1");
    turns += 1;
  };
  turn(true);
  watch("/run", (_, name) => {
    if (isSoon || !name?.startsWith("muster-")) return;
    isSoon = true;
    setTimeout(() => {
      isSoon = false;
      turn(true);
    }, SOON);
  });
  setInterval(turn, EVERY, false);
  process.on("SIGTERM", () => {
    deadman.end();
    process.exit(0);
  });
  notify("READY=1");
}
