import { basename, join } from "node:path";
import type { Fleet } from "../config/fleet.ts";
import { isObservedOnly } from "../config/observe-only.ts";
import {
  BIN_DIR,
  HOSTD_RUN_DIR,
  HOSTD_UNIT,
  providerFile,
  RUN_PROGRAM,
  RUNTIME_DIR,
  SESSION_PROGRAM,
  TURN_PROGRAM,
  TURN_UNIT,
  TURNS_FILE,
  WRITERS_UNIT,
} from "../model/host-paths.ts";
import type { Items, PackageItem } from "../model/items.ts";
import { hostId } from "../model/resource-id.ts";
import { LIMITS } from "../model/unit-limits.ts";
import { limitItems } from "./account-limits.ts";
import { ACKNOWLEDGE_PROGRAM } from "./ack-program.ts";
import { HEARTBEAT_PROGRAM } from "./beat-program.ts";
import type { Compiler, ResourceDefinition, RuntimeVersion } from "./definition.ts";
import { hasInbox } from "./handoffs.ts";
import { jobHandlers } from "./job-helper-units.ts";
import { hostsOf } from "./reader.ts";
import { rootFile, unitFile } from "./root-files.ts";
import { routingItems } from "./routing-items.ts";
import { RUN_PROGRAM_TEXT } from "./run-program.ts";
import { SESSION_PROGRAM_TEXT } from "./session-program.ts";
import { TURN_PROGRAM_TEXT, TURN_UNIT_TEXT, turnsText } from "./turn-program.ts";

/**
 * The host runtime, and the packages that units and gates need. Agents run in tmux, and the account of a gate
 * starts the runtime with sudo. A host with agents, or with services that have a health check, also gets the
 * deadman. A host with agents also gets the programs that run agents and send heartbeats.
 */
export const host: ResourceDefinition = {
  type: "Host",
  declare: (fleet, compiler) => {
    const withAgents = new Set(Object.values(fleet.agents).map((agent) => agent.host));
    const withJobs = new Set(Object.values(fleet.jobs).map((job) => job.host));
    const checked = Object.values(fleet.services).filter(({ health }) => health !== undefined);
    const watched = new Set([...withAgents, ...checked.map((service) => service.host)]);
    const managed = Object.values(fleet.hosts).filter((one) => !isObservedOnly(one));
    return managed.map(({ name, formerly, protect }) => ({
      type: "Host",
      id: hostId(name),
      host: name,
      needs: [],
      formerly: formerly.map(hostId),
      protect,
      items: {
        runtime: { kind: "runtime", want: compiler.runtime },
        tmux: debian("tmux"),
        ...(hasGate(fleet, name) ? { sudo: debian("sudo") } : {}),
        ...pythons(fleet, name),
        ...(hasRepository(fleet, name) ? { git: debian("git") } : {}),
        ...(withAgents.has(name) ? agentPrograms(compiler) : {}),
        ...(withAgents.has(name) ? routingItems(fleet, name, compiler) : {}),
        ...turns(fleet, name, compiler),
        ...(watched.has(name) ? deadman(compiler) : {}),
        ...(withAgents.has(name) && fleet.recurrence.recordWriters ? writerRecorder(compiler) : {}),
        // Hosts with agents but without jobs also get these units, because a tenant's stack can add the first job but
        // not these units.
        ...(withAgents.has(name) || withJobs.has(name) ? jobHandlers(compiler) : {}),
        ...probes(fleet, name, compiler),
        ...limitItems(fleet, name, compiler),
        ...controllers(fleet, name),
      },
    }));
  },
};

function debian(name: string): PackageItem {
  return { kind: "package", name, want: { present: true } };
}

/** Returns the packages with the versions of Python that the pinned runtimes need. */
function pythons(fleet: Fleet, host: string): Items {
  const agents = Object.values(fleet.agents).filter((agent) => agent.host === host);
  const used = agents.flatMap(({ pinned = "" }) => fleet.runtimes[pinned]?.pinned ?? []);
  const names = used.flatMap(({ interpreter, interpreterVersion }) =>
    interpreter === "python" ? [`python${interpreterVersion}`] : [],
  );
  return Object.fromEntries(names.map((name) => [name, debian(name)]));
}

function hasRepository(fleet: Fleet, host: string): boolean {
  return Object.values(fleet.agents).some((agent) => agent.host === host && agent.repository !== undefined);
}

function hasGate(fleet: Fleet, host: string): boolean {
  const agents = Object.values(fleet.agents).filter((agent) => agent.host === host);
  return (
    agents.some(({ tenant }) => fleet.tenants[tenant]?.key !== undefined) ||
    Object.values(fleet.readers).some((one) => hostsOf(fleet, one).includes(host)) ||
    hasInbox(fleet, host)
  );
}

/** Returns the cgroup controllers that the limits on this host need. */
function controllers(fleet: Fleet, host: string): Items {
  const agents = Object.values(fleet.agents).filter((agent) => agent.host === host);
  const all = agents.flatMap(({ tenant, limits }) => [limits, fleet.tenants[tenant]?.limits ?? {}]);
  const used = LIMITS.filter((limit) => all.some((limits) => limits[limit] !== undefined));
  if (used.length === 0) return {};
  return { limits: { kind: "controllers", want: Object.fromEntries(used.map((limit) => [limit, "held"])) } };
}

function agentPrograms({ keep }: Compiler): Items {
  return {
    "muster-ack": rootFile(join(BIN_DIR, "muster-ack"), keep(ACKNOWLEDGE_PROGRAM), "0755"),
    "muster-beat": rootFile(join(BIN_DIR, "muster-beat"), keep(HEARTBEAT_PROGRAM), "0755"),
    "muster-run": rootFile(RUN_PROGRAM, keep(RUN_PROGRAM_TEXT), "0755"),
    "muster-session": rootFile(SESSION_PROGRAM, keep(SESSION_PROGRAM_TEXT), "0755"),
  };
}

/** Returns the unit in which agents wait until they may start. Hosts whose agents start immediately do not have it. */
function turns(fleet: Fleet, host: string, { keep }: Compiler): Items {
  const agents = Object.values(fleet.agents).filter((one) => one.host === host && one.gates !== undefined);
  if (agents.length === 0) return {};
  return {
    "muster-turn": rootFile(TURN_PROGRAM, keep(TURN_PROGRAM_TEXT), "0755"),
    "turns of agents": rootFile(TURNS_FILE, keep(turnsText(agents)), "0644"),
    "turn unit file": unitFile(TURN_UNIT, keep(TURN_UNIT_TEXT)),
  };
}

function deadman({ keep, runtime }: Compiler): Items {
  return {
    "hostd unit file": { ...unitFile(HOSTD_UNIT, keep(hostdUnitText(runtime))), notify: HOSTD_UNIT },
    hostd: {
      kind: "unit",
      name: HOSTD_UNIT,
      want: { enabled: "enabled", active: "running", overrides: "none" },
    },
  };
}

/** Returns the program that records which processes write the declared files. */
function writerRecorder({ keep, runtime }: Compiler): Items {
  return {
    fatrace: debian("fatrace"),
    "writers unit file": { ...unitFile(WRITERS_UNIT, keep(writersUnitText(runtime))), notify: WRITERS_UNIT },
    writers: {
      kind: "unit",
      name: WRITERS_UNIT,
      want: { enabled: "enabled", active: "running", overrides: "none" },
    },
  };
}

/**
 * Returns the text of the unit that records writers. Its limits bound what a flood of writes can cost: the kernel then
 * drops events, and the record says so.
 */
function writersUnitText({ bundle, node }: RuntimeVersion): string {
  return `[Unit]
Description=Muster's record of the processes that write declared files
StartLimitIntervalSec=0
X-Muster-Runtime=${bundle} ${node}

[Service]
ExecStart=${RUNTIME_DIR}/run writers
RuntimeDirectory=muster-writers
RuntimeDirectoryMode=0700
Restart=always
RestartSec=30
Nice=-10
CPUQuota=10%
MemoryMax=192M
IOSchedulingClass=idle
OOMScoreAdjust=900

[Install]
WantedBy=multi-user.target
`;
}

/**
 * Returns the text of the deadman's unit. If the deadman is killed or hangs, systemd restarts it within 10 s.
 * The unit file names the installed runtime, so that a new version of the runtime restarts the deadman.
 * Agents are not restarted.
 */
function hostdUnitText({ bundle, node }: RuntimeVersion): string {
  return `[Unit]
Description=Muster's deadman: keeps the agents and services of this host alive
StartLimitIntervalSec=0
X-Muster-Runtime=${bundle} ${node}

[Service]
Type=notify
NotifyAccess=all
ExecStart=${RUNTIME_DIR}/run hostd
WatchdogSec=7
WatchdogSignal=SIGKILL
Restart=always
RestartSec=500ms
RuntimeDirectory=${basename(HOSTD_RUN_DIR)}
RuntimeDirectoryMode=0700
OOMScoreAdjust=-900
Nice=-5

[Install]
WantedBy=multi-user.target
`;
}

/**
 * Returns the probe of each provider that an agent on this host can use. The probes belong to the platform's
 * stack, because root runs them, and a tenant must not decide what root runs.
 */
function probes(fleet: Fleet, host: string, { keep }: Compiler): Items {
  const agents = Object.values(fleet.agents).filter((agent) => agent.host === host);
  const choices = agents.flatMap(({ failover }) => failover?.choices ?? []);
  const files = [...new Set(choices.map(({ provider }) => provider))].flatMap((name) => {
    const probe = fleet.providers[name]?.probe;
    if (probe === undefined) return [];
    return [
      [`probe of ${name}`, rootFile(providerFile(name), keep(`${JSON.stringify(probe, null, 2)}\n`), "0600")],
    ];
  });
  return Object.fromEntries(files);
}
