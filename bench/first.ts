import { RUNTIME_DIR } from "../src/model/host-paths.ts";
import type { Layout } from "../test/hosts/support/fleets.ts";
import { must } from "../test/hosts/support/project.ts";
import { throwIfInterrupted } from "./hold-signals.ts";
import { timed } from "./measure.ts";
import { makeSite, type Site } from "./prepare-fleet.ts";
import type { Runs } from "./stats.ts";

/**
 * The names of the measurements on new, running hosts. The last measurement is the part of the first `up` until all
 * hosts have Muster's runtime.
 */
export const FIRST = ["bare apply", "first up", "runtime on all hosts"] as const;

/** The durations in milliseconds. */
export type FirstRuns = Readonly<Record<(typeof FIRST)[number], Runs>>;

/** The maximum number of rounds. Each run needs new hosts, and the boot of the hosts takes longer than the run. */
const MOST_ROUNDS = 2;

/** The maximum duration of a first `up`, in milliseconds. */
export const FIRST_UP_LIMIT = 1_800_000;

/**
 * Measures a plain apply and a first `up` in turn, each on newly booted hosts. Compares the results of both.
 *
 * @returns the times, and the site of the last `up`, which the caller must remove
 */
export async function runFirst(
  layout: Layout,
  rounds: number,
  log: (line: string) => void,
): Promise<{ first: FirstRuns; site: Site }> {
  const first = { "bare apply": [], "first up": [], "runtime on all hosts": [] } as Record<
    keyof FirstRuns,
    number[]
  >;
  for (let round = 1; ; round += 1) {
    log(`bare apply ${round}`);
    const { time, applied } = await runBareApply(layout);
    first["bare apply"].push(time);
    log(`first up ${round}`);
    const { times, site } = await runFirstUp(layout, applied);
    first["first up"].push(times.up);
    first["runtime on all hosts"].push(times.runtime);
    if (round >= Math.min(rounds, MOST_ROUNDS)) return { first, site };
    await site.remove();
  }
}

/** The output of the plain check, by host. IDs are removed, because they depend on the order of creation. */
type Applied = Readonly<Record<string, string>>;

async function runBareApply(layout: Layout): Promise<{ time: number; applied: Applied }> {
  throwIfInterrupted();
  const site = await makeSite(layout);
  try {
    const time = await timed({ run: site.bare.apply.run });
    return { time, applied: await appliedTo(site) };
  } finally {
    await site.remove();
  }
}

async function runFirstUp(layout: Layout, applied: Applied) {
  throwIfInterrupted();
  const site = await makeSite(layout);
  try {
    const start = Date.now();
    const up = await timed({ run: () => firstUp(site) });
    sameOrThrow(applied, await appliedTo(site));
    return { times: { up, runtime: (await runtimeSince(site)) - start }, site };
  } catch (error) {
    await site.remove();
    throw error;
  }
}

function firstUp({ project }: Site) {
  return must(project.pulumi(["up", "--yes", "--skip-preview"], { timeout: FIRST_UP_LIMIT }));
}

async function appliedTo({ bare: { checkApplied } }: Site): Promise<Applied> {
  await checkApplied.run();
  const printed = Object.entries(checkApplied.printed());
  return Object.fromEntries(printed.map(([host, text]) => [host, text.replace(/^([^:]+:x:)\d+/gm, "$1")]));
}

/**
 * Throws an error if the plain apply and `up` have different results, because a comparison of their times would not be
 * fair.
 */
function sameOrThrow(bare: Applied, up: Applied): void {
  for (const host of Object.keys(up)) {
    const [ofBare = [], ofUp = []] = [bare, up].map((all) => all[host]?.split("\n"));
    const longer = ofBare.length > ofUp.length ? ofBare : ofUp;
    const at = longer.findIndex((_, i) => ofBare[i] !== ofUp[i]);
    if (at < 0) continue;
    throw new Error(`${host} is not the same after both: bare apply "${ofBare[at]}", first up "${ofUp[at]}"`);
  }
}

/**
 * Returns the time at which the last host had its runtime. This is the latest ctime of the file `run`, because the last
 * step of an installation renames this file. The times are comparable, because local hosts use this machine's clock.
 *
 * @returns milliseconds since 1970
 */
async function runtimeSince({ machines }: Site): Promise<number> {
  const script = `stat -c %.Z ${RUNTIME_DIR}/run`;
  const times = await Promise.all(Object.keys(machines.specs).map((host) => machines.run(host, script)));
  return Math.max(...times.map(Number)) * 1000;
}
