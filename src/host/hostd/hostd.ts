import { execFile } from "node:child_process";
import { readFileSync, watch } from "node:fs";
import { basename } from "node:path";
import { agentRunDir } from "../../model/host-paths.ts";
import type { Host } from "../context.ts";
import { monotonic } from "../units/deadman-view-file.ts";
import { noteUnusedKeys } from "../units/former-keys-in-use.ts";
import { isAlive, readTakeOvers } from "../units/take-over.ts";
import { checkoutWork } from "./checkout-work.ts";
import { type CourierSchedule, courierSchedule } from "./courier-schedule.ts";
import { deadmanOf } from "./deadman-turn.ts";
import { attempt } from "./execute.ts";
import { newUsageWatch, readUsageInProcess } from "./usage-watch.ts";

/** Milliseconds between two turns. A hang is noticed up to two turns late. */
const EVERY = 500;

/** Milliseconds from the first signal that a unit starts or stops to the turn that observes the unit. */
const SOON = 200;

/** Turns between two pings of systemd's watchdog, which waits more than twice that time. */
const PING_EVERY = 6;

/** Turns between two checks for take-overs that a killed run has not finished. */
const TAKE_OVER_EVERY = 4;

/** Turns between two checks for handoffs. */
const HANDOFF_EVERY = 2;

/** Turns between two checks of the keys that `up` has replaced. */
const FORMER_KEYS_EVERY = 10;

/** Turns between two checks for requested self-syncs and for trials of new revisions. */
const CHECKOUT_EVERY = 2;

/** The maximum number of agents whose handoffs are delivered at the same time. */
const MOST_DELIVERIES = 8;

/** The prefix of the names of all agents' runtime folders. */
const RUN_DIR = basename(agentRunDir(""));

/**
 * Runs the deadman until systemd stops it. systemd creates an agent's runtime folder when the agent's unit
 * starts and removes the folder when the unit ends. A watch on the parent folder therefore signals the start
 * and the end of a unit immediately, and needs no time while no unit changes.
 */
export function runHostd(host: Host): void {
  process.umask(0o077);
  const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  const deadman = deadmanOf(host, boot, newUsageWatch(host, readUsageInProcess));
  let turns = 0;
  const schedule = courierSchedule(host);
  const checkouts = checkoutWork(host);
  const signalled = new Set<string>();
  const turn = (isSignalled: boolean, agents?: ReadonlySet<string>) => {
    deadman.turn(isSignalled, agents);
    if (turns % PING_EVERY === 0) notify("WATCHDOG=1");
    if (turns % TAKE_OVER_EVERY === 0) finishTakeOvers(host);
    if (turns % HANDOFF_EVERY === 0) deliver(host, schedule);
    if (turns % FORMER_KEYS_EVERY === 0)
      attempt("cannot check the former keys of agents", () => noteUnusedKeys(host));
    if (turns % CHECKOUT_EVERY === 0) checkouts.turn(monotonic());
    turns += 1;
  };
  turn(true);
  watch("/run", (_, name) => {
    if (!name?.startsWith(RUN_DIR)) return;
    signalled.add(name.slice(RUN_DIR.length));
    if (signalled.size > 1) return;
    setTimeout(() => {
      const agents = new Set(signalled);
      signalled.clear();
      turn(true, agents);
    }, SOON);
  });
  setInterval(turn, EVERY, false);
  process.on("SIGTERM", () => {
    deadman.end();
    process.exit(0);
  });
  notify("READY=1");
}

let isFinishing = false;

/**
 * Finishes the take-overs that a killed run has not finished. This runs in a separate process, because this work can
 * take longer than systemd's watchdog waits for the deadman.
 */
function finishTakeOvers(host: Host): void {
  if (isFinishing || !readTakeOvers(host).some((one) => !isAlive(one))) return;
  isFinishing = true;
  execFile(process.execPath, [host.program, "take-over"], () => {
    isFinishing = false;
  });
}

const delivering = new Set<string>();

/**
 * Delivers handoffs between the agents of this host. Each agent's handoffs are delivered by a separate process, so an
 * agent that keeps its queue locked delays nobody else. No agent has two such processes at the same time.
 */
function deliver(host: Host, schedule: CourierSchedule): void {
  for (const agent of schedule.due(monotonic())) {
    if (delivering.has(agent) || delivering.size >= MOST_DELIVERIES) continue;
    delivering.add(agent);
    execFile(process.execPath, [host.program, "courier", agent], () => delivering.delete(agent));
  }
}

/**
 * Notifies systemd with systemd-notify, because sd_notify(3) needs a kind of socket that Node does not have.
 * The result is not awaited, because systemd's watchdog detects missing pings.
 */
function notify(...assignments: readonly string[]): void {
  const { NOTIFY_SOCKET, PATH } = process.env;
  if (!NOTIFY_SOCKET) return;
  execFile("systemd-notify", [...assignments], { env: { NOTIFY_SOCKET, PATH }, timeout: 5000 }, () => {});
}
