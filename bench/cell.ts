import { join } from "node:path";
import { execa } from "execa";
import { installedRuntime } from "../src/base/runtime.ts";
import { compilePlan } from "../src/resources/index.ts";
import { loadFleet } from "../src/spec/load.ts";
import { secretsFor } from "../test/hosts/support/fleets.ts";
import { makeProject, must, type Project } from "../test/hosts/support/project.ts";
import { writeBareScripts } from "./bare.ts";
import { benchFleet, type Cell, layoutOf } from "./fleet.ts";
import { makeFloorProject } from "./floor/project.ts";
import { interleave, type Subject, timed } from "./measure.ts";
import { type Requests, requestsOf } from "./requests.ts";
import type { Runs } from "./stats.ts";

/** Everything that is timed in a cell, by what a person would call it. */
export const COMMANDS = [
  "bare script",
  "fleet drift",
  "preview, floor",
  "preview",
  "up, nothing to do, floor",
  "up, nothing to do",
  "drift found",
  "drift repaired",
] as const;

export type Command = (typeof COMMANDS)[number];

export interface CellResult extends Cell {
  /** Milliseconds of the one run that made hosts and agents. */
  readonly firstUp: number;
  /** Milliseconds. */
  readonly runs: Readonly<Record<Command, Runs>>;
  /** What hosts were asked in one run. */
  readonly requests: Readonly<Record<string, Requests>>;
}

/** Milliseconds. */
export const FIRST_UP_LIMIT = 1_800_000;

/** Brings a fleet up, times all commands on it in turn, and removes it whatever happens. */
export async function runCell(cell: Cell, rounds: number, log: (line: string) => void): Promise<CellResult> {
  const layout = layoutOf(cell);
  const project = await makeProject(benchFleet(layout), secretsFor(layout));
  try {
    log("first up");
    const first = () => must(project.pulumi(["up", "--yes", "--skip-preview"], { timeout: FIRST_UP_LIMIT }));
    const firstUp = await timed({ run: first });
    const subjects = await subjectsOf(project, layout.hosts);
    log(`${rounds} rounds of ${Object.keys(subjects).join("; ")}`);
    const runs = await interleave(subjects, rounds);
    return { ...cell, firstUp, runs, requests: await countRequests(project) };
  } finally {
    log("destroy");
    await project.dispose();
  }
}

async function subjectsOf(project: Project, hosts: readonly string[]): Promise<Record<Command, Subject>> {
  const floor = join(project.dir, ".floor");
  await makeFloorProject(project.dir, floor);
  const fleet = loadFleet(join(project.dir, "fleet.yaml"));
  const bare = writeBareScripts(project, compilePlan(fleet, installedRuntime()), hosts);
  const onFloor = (args: readonly string[]) => must(project.pulumi(["--cwd", floor, ...args]));
  await onFloor(["stack", "select", "test"]);
  const up = ["up", "--yes"];
  return {
    "bare script": { run: () => execa(bare) },
    "fleet drift": { run: () => must(project.fleet(["drift"])) },
    "preview, floor": { run: () => onFloor(["preview"]) },
    preview: { run: () => must(project.pulumi(["preview", "--expect-no-changes"])) },
    "up, nothing to do, floor": { run: () => onFloor(up) },
    "up, nothing to do": { run: () => must(project.pulumi([...up, "--expect-no-changes"])) },
    "drift found": { before: () => spoil(project), run: () => must(project.fleet(["drift"]), 7) },
    "drift repaired": { run: () => must(project.pulumi([...up, "--skip-preview"])) },
  };
}

/** Changes one file by hand, as somebody on the host would. */
function spoil(project: Project): Promise<string> {
  return project.onHost("h1", "echo 'I am somebody else.' >> /home/h1-a1/SOUL.md");
}

async function countRequests(project: Project): Promise<Record<string, Requests>> {
  const count = (run: (options: { env: Record<string, string> }) => Promise<unknown>) =>
    requestsOf(join(project.dir, ".requests"), (file) => run({ env: { MUSTER_TRACE: file } }));
  return {
    "fleet drift": await count((options) => must(project.fleet(["drift"], options))),
    preview: await count((options) => must(project.pulumi(["preview"], options))),
    "up, nothing to do": await count((options) => must(project.pulumi(["up", "--yes"], options))),
  };
}
