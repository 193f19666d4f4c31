import { join } from "node:path";
import { execa } from "execa";
import { stringify } from "yaml";
import { makeProject, must } from "../test/hosts/support/project.ts";
import { percentile, type Runs } from "./stats.ts";
import { table } from "./tables.ts";

/** The time in milliseconds within which a watcher must see a change. */
const MOST = 200;

/** The number of changes in one round. */
const CHANGES = 30;

/** A program that writes the time in nanoseconds since 1970 to its terminal, every 0.7 s. */
const PROGRAM = "while :; do printf '\\033[2J\\033[H at %s ' $(date +%s%N); sleep 0.7; done";

/** Measures how soon a watcher sees a change on an agent's terminal. @returns milliseconds for each change */
export async function runWatch(rounds: number, log: (line: string) => void): Promise<Runs> {
  const fleet = {
    ...{ apiVersion: "muster/v1", kind: "Fleet", name: "watched" },
    ...{ hosts: { hub: { kind: "local" } }, tenants: { arc: {} } },
    identities: { iris: { soul: "SOUL.md" } },
    contacts: { iris: { display_name: "iris" } },
    agents: { iris: { host: "hub", tenant: "arc", command: ["/bin/sh", "-c", PROGRAM] } },
  };
  const project = await makeProject({ "fleet.yaml": stringify(fleet), "SOUL.md": "# Soul\n" });
  try {
    log("first up");
    await must(project.pulumi(["up", "--yes", "--skip-preview"]));
    const delays: number[] = [];
    for (let round = 1; round <= rounds; round += 1) {
      log(`round ${round} of ${rounds}`);
      delays.push(...(await watch(project.dir)));
    }
    return delays;
  } finally {
    log("destroy");
    await project.dispose();
  }
}

/** Watches the agent in a terminal of 80 x 24. The clocks of this machine and of a local host are the same. */
async function watch(dir: string): Promise<number[]> {
  const bin = join(dir, "node_modules/muster-fleet/bin/fleet");
  const words = ["-qfec", `stty cols 80 rows 24; exec ${bin} watch iris`, "/dev/null"];
  const watcher = execa("script", words, { cwd: dir, reject: false, buffer: false });
  const seen = new Map<string, number>();
  await new Promise<void>((resolve) => {
    watcher.stdout?.on("data", (bytes: Buffer) => {
      for (const [, time = ""] of bytes.toString("latin1").matchAll(/at (\d{19})/g))
        if (!seen.has(time)) seen.set(time, Date.now());
      if (seen.size > CHANGES) resolve();
    });
  });
  watcher.stdin?.write("q");
  await watcher;
  // The first text was on the terminal before the watcher was connected.
  return [...seen].slice(1).map(([time, at]) => at - Number(time) / 1e6);
}

/** Renders the result as Markdown. */
export function watchTable(delays: Runs): string {
  const columns = [50, 95, 100].map((percent) => percentile(delays, percent).toFixed(0));
  return [
    "### `fleet watch`: from a change on the terminal to the person\n",
    table(
      ["milliseconds", "changes", "p50", "p95", "max", "at most"],
      [["a change is shown", `${delays.length}`, ...columns, `${MOST}`]],
    ),
  ].join("\n");
}
