import { parse, stringify } from "yaml";
import { localFleet, secretsFor } from "./fleets.ts";
import { makeProject, type Project } from "./project.ts";

const LAYOUT = { hosts: ["hub"], agents: { hub: ["iris", "loom"] } };

/** A schedule with a time that does not occur during the tests. */
export const SOME_NIGHT = "*-01-01 03:00";

const sh = (script: string) => ["/bin/sh", "-c", script];

/** Most jobs write to a file. The tests start all jobs except `skips` and `again`, which timers start. */
const JOBS: Readonly<Record<string, object>> = {
  retro: {
    agent: "iris",
    schedule: SOME_NIGHT,
    command: sh(
      '{ id -un; id -gn; pwd; echo "$ANTHROPIC_API_KEY" "$MUSTER_JOB"; ls /home; tmux -S /run/muster-iris/tmux list-sessions -F "#S"; } >retro.out',
    ),
  },
  breaks: {
    agent: "iris",
    schedule: SOME_NIGHT,
    command: sh("echo tried >>breaks.log; exit 3"),
    onFailure: { retries: 2, after: 1 },
  },
  hangs: { agent: "iris", schedule: SOME_NIGHT, command: sh("sleep 600 & sleep 600"), timeout: 2 },
  skips: { agent: "loom", schedule: "*:*:0/2", command: sh("echo ran >>skips.log; sleep 600") },
  again: {
    agent: "loom",
    schedule: "*:*:0/2",
    overlap: "replace",
    command: sh("echo ran >>again.log; sleep 600"),
  },
  tidy: {
    host: "hub",
    schedule: SOME_NIGHT,
    command: sh("id -u; touch /var/x || echo kept out"),
    catchUp: true,
  },
  prune: {
    host: "hub",
    schedule: SOME_NIGHT,
    user: "root",
    rootBecause: "It writes where root alone may.",
    command: sh("id -un >/var/tmp/pruned"),
  },
};

/** Creates a project with two agents and jobs on one local host. The project is not applied yet. */
export function makeJobs(): Promise<Project> {
  const files = localFleet(LAYOUT);
  const fleet = parse(files["fleet.yaml"] ?? "");
  return makeProject({ ...files, "fleet.yaml": stringify({ ...fleet, jobs: JOBS }) }, secretsFor(LAYOUT));
}

/** Changes the jobs in fleet.yaml. */
export function declareJobs(project: Project, change: (jobs: Record<string, object>) => void): void {
  const fleet = parse(project.read("fleet.yaml")) as { jobs: Record<string, object> };
  change(fleet.jobs);
  project.write("fleet.yaml", stringify(fleet));
}
