import { existsSync, globSync, readFileSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { parse, stringify } from "yaml";
import { hostPaths } from "../../../src/host-kinds/local/nspawn/local-host-paths.ts";
import { localDir } from "../../../src/host-kinds/local/nspawn/local-host-state.ts";
import { SANDBOX_EXCEPTIONS } from "../../../src/model/sandbox-exceptions.ts";
import { localFleet, secretsFor } from "./fleets.ts";
import { makeProject, type Project } from "./project.ts";

/**
 * An agent's program. It sends heartbeats, and runs the script that a test puts into the agent's home. The script has
 * exactly the rights that the agent's unit allows.
 */
const SCRIPT_RUNNER = `#!/bin/sh
cd "$HOME"
while :; do
  muster-beat busy
  if [ -e do ]; then
    mv -f do doing
    sh doing >saying 2>&1 </dev/tty
    echo "exit $?" >>saying
    mv -f saying said
  fi
  sleep 0.3
done
`;

const LAYOUT = { hosts: ["hub"], agents: { hub: ["ada", "bea", "cid", "dot", "eve", "fay"] } };

/**
 * ada, bea and dot belong to the same tenant, and dot has its own limits. cid and fay belong to another tenant. eve
 * uses the shared user of a third tenant.
 */
const AGENTS: Readonly<Record<string, object>> = {
  bea: { env: { DECLARED: "declared-for-bea-alone" } },
  cid: { tenant: "sol" },
  dot: { limits: { memory: "64M", cpu: 0.5, tasks: 40 } },
  eve: { tenant: "duo", workdir: "/srv", command: ["/bin/sh", "/home/eve/agent.sh"] },
  fay: { tenant: "sol", allow: Object.keys(SANDBOX_EXCEPTIONS) },
};

const TENANTS = { arc: { limits: { memory: "192M", tasks: 120 } }, sol: {}, duo: { isolation: "tenant" } };

export const SECRETS = secretsFor(LAYOUT);

/** Creates a project with these agents on one local host. */
export function makeIsolation(): Promise<Project> {
  const files = localFleet(LAYOUT);
  const fleet = parse(files["fleet.yaml"] ?? "");
  for (const [name, agent] of Object.entries<Record<string, unknown>>(fleet.agents)) {
    delete agent["watchdog"];
    const heartbeat = { by: "file", interval: 20, timeout: 60 };
    Object.assign(agent, { heartbeat, restarts: { most: 100 } }, AGENTS[name]);
  }
  const text = stringify({ ...fleet, tenants: TENANTS });
  return makeProject({ ...files, "agent.sh": SCRIPT_RUNNER, "fleet.yaml": text }, SECRETS);
}

/**
 * Runs a script as an agent.
 *
 * @returns the script's output, with `exit CODE` as the last line
 */
export async function asAgent(project: Project, name: string, script: string): Promise<string> {
  const [home, limit] = [`/home/${name}`, 60];
  return project.onHost(
    "hub",
    `cd ${home} && rm -f said && cat >do.new <<'END_OF_SCRIPT' && mv do.new do
${script}
END_OF_SCRIPT
    for i in $(seq ${limit * 10}); do [ -e said ] && break; sleep 0.1; done
    cat said`,
  );
}

/** The cgroups of a local host that are visible on this machine, but not on the host. */
export interface OuterGroups {
  read(file: "pids" | "memory", what: "limit" | "used"): number;
  /** Sets a limit. A value above the possible maximum removes the limit. */
  limit(file: "pids" | "memory", limit: number): Promise<void>;
}

const FILES = {
  pids: { limit: ["pids.max"], used: ["pids.current"] },
  memory: {
    limit: ["memory.max", "memory.limit_in_bytes"],
    used: ["memory.current", "memory.usage_in_bytes"],
  },
} as const;

export function outerGroups(project: Project, host: string): OuterGroups {
  const { id } = hostPaths(localDir(), realpathSync(project.dir), host);
  const groups = globSync([`/sys/fs/cgroup/muster/${id}`, `/sys/fs/cgroup/*/muster/${id}`]);
  const fileOf = (of: "pids" | "memory", what: "limit" | "used") => {
    const paths = groups.flatMap((group) => FILES[of][what].map((file) => join(group, file)));
    const found = paths.find(existsSync);
    if (found === undefined) throw new Error(`this machine has no ${of} of ${id}`);
    return found;
  };
  return {
    read: (of, what) => Number(readFileSync(fileOf(of, what), "utf8")),
    limit: async (of, limit) => {
      const [program = "", ...sudo] = process.getuid?.() === 0 ? ["tee"] : ["sudo", "-n", "tee"];
      await execa(program, [...sudo, fileOf(of, "limit")], { input: `${limit}` });
    },
  };
}
