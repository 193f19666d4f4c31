import { join } from "node:path";
import { execa } from "execa";
import { parse, stringify } from "yaml";
import { secretsFor } from "../test/hosts/support/fleets.ts";
import { makeProject, must, type Project } from "../test/hosts/support/project.ts";
import { FIRST_UP_LIMIT } from "./first.ts";
import { benchFleet, layoutOf } from "./fleet.ts";
import { interleave } from "./measure.ts";
import { type Runs, summarize } from "./stats.ts";

/** The commands that are measured while one of ten hosts is dead. */
const COMMANDS = ["fleet drift of 9", "fleet drift of 10, one dead"] as const;

/** The time in milliseconds within which `fleet ps` must show the hosts that respond. */
const PS_MOST = 2000;

export interface DeadResult {
  /** The milliseconds until `fleet ps` has shown the agents of the other eight hosts, while two hosts are dead. */
  readonly ps: Runs;
  /** The default connect timeout, in seconds. */
  readonly connectTimeout: number;
  /** The durations in milliseconds. */
  readonly runs: Readonly<Record<(typeof COMMANDS)[number], Runs>>;
}

/**
 * Measures the cost of a dead host. The cost should be at most one connect timeout, and the other hosts should not be
 * delayed.
 */
export async function runDead(rounds: number, log: (line: string) => void): Promise<DeadResult> {
  const layout = layoutOf({ hosts: 10, agents: 10 });
  const files = benchFleet(layout);
  const [nine, ten] = [without("h10", files["fleet.yaml"] ?? ""), files["fleet.yaml"] ?? ""];
  const project = await makeProject(files, secretsFor(layout));
  try {
    log("first up");
    await must(project.pulumi(["up", "--yes", "--skip-preview"], { timeout: FIRST_UP_LIMIT }));
    const revive = await kill(project, "h10");
    log(`${rounds} rounds of ${COMMANDS.join("; ")}`);
    const drift = (fleet: string, exitCode: number) => ({
      before: async () => project.write("fleet.yaml", fleet),
      run: () => must(project.fleet(["drift"]), exitCode),
    });
    const subjects = { "fleet drift of 9": drift(nine, 0), "fleet drift of 10, one dead": drift(ten, 4) };
    const runs = await interleave(subjects, rounds).finally(revive);
    log(`${rounds} rounds of fleet ps, two hosts dead`);
    return { connectTimeout: 10, runs, ps: await psOfEight(project, rounds) };
  } finally {
    log("destroy");
    await project.dispose();
  }
}

/** Measures how soon `fleet ps` shows the agents of eight hosts while two hosts are dead. */
async function psOfEight(project: Project, rounds: number): Promise<number[]> {
  const revive = [await kill(project, "h9"), await kill(project, "h10")];
  try {
    const durations: number[] = [];
    for (let round = 0; round <= rounds; round += 1) durations.push(await untilEightShown(project.dir));
    return durations.slice(1);
  } finally {
    for (const one of revive) await one();
  }
}

async function untilEightShown(dir: string): Promise<number> {
  const start = performance.now();
  const ps = execa(join(dir, "node_modules/muster-fleet/bin/fleet"), ["ps"], { cwd: dir, reject: false });
  let [shown, end] = ["", Number.NaN];
  ps.stdout?.on("data", (bytes: Buffer) => {
    shown += bytes.toString();
    const rows = shown.match(/^h[1-8]-a\d+ .* running /gm) ?? [];
    if (Number.isNaN(end) && rows.length >= 80) end = performance.now();
  });
  await ps;
  return end - start;
}

/** Renders the result as a Markdown table, with times in seconds. */
export function deadTable({ connectTimeout, runs, ps }: DeadResult): string {
  const { median, max } = summarize(ps);
  const [usual, longest, most] = [median, max, PS_MOST].map((ms) => (ms / 1000).toFixed(2));
  const rows = COMMANDS.map((command) => {
    const { runs: count, min, median, max } = summarize(runs[command]);
    return `| ${command} | ${count} | ${[min, median, max].map((ms) => (ms / 1000).toFixed(2)).join(" | ")} |`;
  });
  const cost =
    summarize(runs["fleet drift of 10, one dead"]).median - summarize(runs["fleet drift of 9"]).median;
  return [
    "### 10 x 10, one dead\n",
    "| command | runs | min | median | max |",
    "| --- | --- | --- | --- | --- |",
    ...rows,
    `\nThe dead host costs ${(cost / 1000).toFixed(2)} s; at most its connect timeout, ${connectTimeout} s.\n`,
    `With two dead hosts, \`fleet ps\` shows the other eight after ${usual} s (max ${longest} s; at most ${most} s).\n`,
  ].join("\n");
}

/**
 * Starts to drop every packet to the host, like a router.
 *
 * @returns a function that stops dropping packets
 */
async function kill(project: Project, host: string): Promise<() => Promise<unknown>> {
  const { hosts } = parse(project.read("stacks/inventory.local.yaml")) as {
    hosts: Record<string, { address: string }>;
  };
  const address = hosts[host]?.address ?? "";
  const nobody = ["lladdr", "02:00:00:00:00:01", "nud", "permanent"];
  await execa("ip", ["neighbour", "replace", address, "dev", "muster0", ...nobody]);
  return () => execa("ip", ["neighbour", "delete", address, "dev", "muster0"]);
}

function without(host: string, text: string): string {
  const fleet = parse(text) as { hosts: Record<string, object>; agents: Record<string, { host: string }> };
  const agents = Object.entries(fleet.agents).filter(([, agent]) => agent.host !== host);
  const hosts = Object.entries(fleet.hosts).filter(([name]) => name !== host);
  return stringify({ ...fleet, hosts: Object.fromEntries(hosts), agents: Object.fromEntries(agents) });
}
