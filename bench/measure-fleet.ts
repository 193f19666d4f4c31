import { join } from "node:path";
import { must, type Project } from "../test/hosts/support/project.ts";
import { makeEmptyProject } from "./empty-project.ts";
import { type FirstRuns, runFirst } from "./first.ts";
import { type Cell, layoutOf } from "./fleet.ts";
import { makeFloorProject } from "./floor/project.ts";
import { interleave, type Subject } from "./measure.ts";
import type { Site } from "./prepare-fleet.ts";
import { type Requests, requestsOf } from "./requests.ts";
import type { Runs } from "./stats.ts";

/**
 * The readable names of all measurements on an applied fleet. Muster's commands use the connections that the previous
 * command has left open, except those with "new connections". The bare script opens new connections, as people write
 * such scripts, except the one with "open connections".
 */
export const COMMANDS = [
  "bare script",
  "bare script, open connections",
  "fleet drift, new connections",
  "fleet drift",
  "fleet ps, new connections",
  "fleet ps",
  "preview, empty program",
  "preview, floor",
  "preview, new connections",
  "preview",
  "up, nothing to do, floor",
  "up, nothing to do, new connections",
  "up, nothing to do",
  "preview and up, nothing to do",
  "drift found",
  "drift repaired",
] as const;

export type Command = (typeof COMMANDS)[number];

export interface CellResult extends Cell {
  /** The durations in milliseconds, on newly booted hosts. */
  readonly first: FirstRuns;
  /** The durations in milliseconds, on the hosts of the last first `up`. */
  readonly runs: Readonly<Record<Command, Runs>>;
  /** The number of resources in the stack, including the engine's own resources. */
  readonly resources: number;
  /** The connections and requests of one run. */
  readonly requests: Readonly<Record<string, Requests>>;
}

/** Applies a fleet, measures all commands on the fleet in turn, and removes the fleet even after a failure. */
export async function runCell(cell: Cell, rounds: number, log: (line: string) => void): Promise<CellResult> {
  const { first, site } = await runFirst(layoutOf(cell), rounds, log);
  try {
    const { project } = site;
    const resources = await countResources(project);
    const runs = await runCommands(site, rounds, log);
    return { ...cell, first, runs, resources, requests: await countRequests(project) };
  } finally {
    log("remove");
    await site.remove();
  }
}

async function runCommands(
  site: Site,
  rounds: number,
  log: (line: string) => void,
): Promise<CellResult["runs"]> {
  const empty = await makeEmptyProject();
  try {
    const subjects = await subjectsOf(site, empty);
    log(`${rounds} rounds of ${Object.keys(subjects).join("; ")}`);
    return await interleave(subjects, rounds);
  } finally {
    await empty.dispose();
  }
}

async function subjectsOf(site: Site, empty: Project): Promise<Record<Command, Subject>> {
  const { project, bare, closeConnections } = site;
  const onFloor = await floorOf(project);
  const [both, up] = [
    ["up", "--yes"],
    ["up", "--yes", "--skip-preview"],
  ];
  const nothing = "--expect-no-changes";
  const drift = () => must(project.fleet(["drift"]));
  const ps = () => must(project.fleet(["ps"]));
  const preview = () => must(project.pulumi(["preview", nothing]));
  const upNothing = () => must(project.pulumi([...up, nothing]));
  const newly = (run: Subject["run"]): Subject => ({ before: closeConnections, run });
  return {
    "bare script": { run: bare.check.run },
    "bare script, open connections": { run: bare.checkAgain.run },
    "fleet drift, new connections": newly(drift),
    "fleet drift": { run: drift },
    "fleet ps, new connections": newly(ps),
    "fleet ps": { run: ps },
    "preview, empty program": { run: () => must(empty.pulumi(["preview", nothing])) },
    "preview, floor": { run: () => onFloor(["preview", nothing]) },
    "preview, new connections": newly(preview),
    preview: { run: preview },
    "up, nothing to do, floor": { run: () => onFloor([...up, nothing]) },
    "up, nothing to do, new connections": newly(upNothing),
    "up, nothing to do": { run: upNothing },
    "preview and up, nothing to do": { run: () => must(project.pulumi([...both, nothing])) },
    "drift found": { before: () => changeByHand(site), run: () => must(project.fleet(["drift"]), 7) },
    "drift repaired": { run: () => must(project.pulumi(up)) },
  };
}

/**
 * Creates a copy of the project with a provider that does nothing.
 *
 * @returns a function that runs `pulumi` in the copy
 */
async function floorOf(project: Project): Promise<(args: readonly string[]) => Promise<unknown>> {
  const floor = join(project.dir, ".floor");
  await makeFloorProject(project.dir, floor);
  const onFloor = (args: readonly string[]) => must(project.pulumi(["--cwd", floor, ...args]));
  await onFloor(["stack", "select", "test"]);
  return onFloor;
}

/** Changes one file on a host, as a person would do. */
function changeByHand({ machines }: Site): Promise<string> {
  return machines.run("h1", "echo 'I am somebody else.' >> /home/h1-a1/SOUL.md");
}

async function countResources(project: Project): Promise<number> {
  const { stdout } = await must(project.pulumi(["stack", "export"]));
  const { deployment } = JSON.parse(stdout) as { deployment: { resources: readonly object[] } };
  return deployment.resources.length;
}

async function countRequests(project: Project): Promise<Record<string, Requests>> {
  const count = (run: (options: { env: Record<string, string> }) => Promise<unknown>) =>
    requestsOf(join(project.dir, ".requests"), (file) => run({ env: { MUSTER_TRACE: file } }));
  return {
    "fleet drift": await count((options) => must(project.fleet(["drift"], options))),
    preview: await count((options) => must(project.pulumi(["preview"], options))),
    "preview and up": await count((options) => must(project.pulumi(["up", "--yes"], options))),
  };
}
